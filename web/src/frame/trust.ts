import { useState } from "react";
import { useLive } from "@/live/use-live";

export type SealTone = "kept" | "risk" | "broken";

/** What the live topic `trust` says of clock and log. */
export interface Trust {
  /** RFC 3339 of the newest checkpoint, "" = none yet. */
  sealed_at: string;
  seal_age_ms: number | null;
  /** Age of the oldest fact that no checkpoint covers, 0 = everything is sealed. */
  waiting_ms: number;
  unsealed: number;
  /** Unmeasured is no fault; stale: nobody compares the clock any more. */
  clock: "measured" | "unmeasured" | "faulted" | "stale";
  /** None unless the clock is measured and within bounds. */
  clock_error_us: number | null;
  /** Acts of grade A wait for a time-stamp token. */
  clock_waits: boolean;
  /** No authority is connected that could give one: acts of grade A are suspended. */
  clock_suspends: boolean;
  /** Of the seal alone. */
  tone: SealTone;
}

/** The newest word on time and seal, or null while there is none. */
export function useTrust(): Trust | null {
  const [trust, setTrust] = useState<Trust | null>(null);
  useLive<Trust>("trust", setTrust);
  return trust;
}

/** Whether the clock is known to be wrong, or nobody knows any more. */
export function isClockBad(trust: Trust): boolean {
  return trust.clock === "faulted" || trust.clock === "stale";
}

/** What becomes of acts of grade A: they go on, wait for a token, or are suspended. */
export function actsGo(trust: Trust): "on" | "wait" | "suspended" {
  if (trust.clock_suspends) return "suspended";
  return trust.clock_waits ? "wait" : "on";
}

/** The tone of clock and seal together: the worse of both. A token makes up for a bad clock. */
export function trustTone(trust: Trust | null): SealTone | "none" {
  if (!trust) return "none";
  const isSuspended = isClockBad(trust) && trust.clock_suspends;
  if (isSuspended || trust.tone === "broken") return "broken";
  return trust.clock_waits ? "risk" : trust.tone;
}
