import type { Tile } from "@/format";
import { decimal } from "@/format/numbers";

export type ClockWord = "measured" | "unmeasured" | "faulted" | "stale";

export interface Source {
  node: string;
  source: string;
  stratum: number;
  offset_us: number;
  error_us: number;
  chosen: boolean;
  trouble: string;
  at: string;
}

export interface Fault {
  node: string;
  since: string;
  until: string;
  why: string;
  source: string;
  offset_us: number;
  error_us: number;
}

export interface Stamped {
  algorithm: string;
  authority: string;
  own: boolean;
  size: number;
  gen: string;
  accuracy_us: number | null;
  signer: string;
  checked: string;
  failures: number;
  trouble: string;
  detail: string;
  next: string;
}

export interface StampedBook {
  half: string;
  signed: number;
  stamps: readonly Stamped[];
}

/** What GET /v1/time answers. */
export interface TimeView {
  state: {
    word: ClockWord;
    why: string;
    src: string;
    off_us: number;
    err_us: number;
    ok: boolean;
    waits: boolean;
    sampled: string;
    since: string;
  };
  servers: readonly string[];
  configured: boolean;
  sources: readonly Source[];
  trend: readonly { at: string; error_us: number }[];
  faults: readonly Fault[];
  authorities: number;
  books: readonly StampedBook[];
}

export const TIME_KEY = ["time"];

const SECOND_US = 1_000_000;

/** 1.8 ms of 1830 µs, 1.5 s of 1500000 µs. */
export function milliseconds(us: number): string {
  if (Math.abs(us) >= SECOND_US) return `${decimal(us / SECOND_US, 1)} s`;
  return `${decimal(us / 1000, 1)} ms`;
}

/** ±1.8 ms as a figure. */
export function plusMinus(us: number): Tile {
  return { value: `±${decimal(us / 1000, 1)}`, unit: "ms", exact: `±${decimal(us, 0)} µs` };
}
