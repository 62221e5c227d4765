import type { NetworkSpan } from "@/api/types.gen";
import { count, decimal, share } from "@/format";

export const KEY = ["network"] as const;
export const TABS = ["play", "short", "moves", "safety", "slow", "settings"] as const;
export type Tab = (typeof TABS)[number];
const MILLI = 1_000;

export const chance = (thousandths: number) => share(thousandths / MILLI, 1);
export const units = (milli: number) => decimal(milli / MILLI, 1);

/** A span of thousandths as whole units: middle, and its ends. */
export function span(one: NetworkSpan): string {
  const [low, mean, high] = [one.low, one.mean, one.high].map((n) => count(Math.round(n / MILLI)));
  return low === high ? `${mean}` : `${mean} [${low}, ${high}]`;
}

/** A span of thousandths of a percent, with its sign. */
export function change(one: NetworkSpan): string {
  const [low, mean, high] = [one.low, one.mean, one.high].map((n) => `${n > 0 ? "+" : ""}${decimal(n / MILLI, 1)}`);
  return `${mean} % [${low}, ${high}]`;
}

/** Goods by their name and code. */
export function goods(name: string, code: string): string {
  return name ? `${name} · ${code}` : code;
}

export const isOver = (state: string) => state !== "waiting" && state !== "running";
