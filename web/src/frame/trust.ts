import { useState } from "react";
import { useLive } from "@/live/use-live";

/** What the live topic `trust` says of clock and log. */
export interface Trust {
  /** RFC 3339 of the newest checkpoint, "" = none yet. */
  sealed_at: string;
  seal_age_ms: number | null;
  /** Age of the oldest fact that no checkpoint covers, 0 = everything is sealed. */
  waiting_ms: number;
  unsealed: number;
  /** None as long as no time source is connected. */
  clock_error_us: number | null;
  tone: "kept" | "risk" | "broken";
}

/** The newest word on time and seal, or null while there is none. */
export function useTrust(): Trust | null {
  const [trust, setTrust] = useState<Trust | null>(null);
  useLive<Trust>("trust", setTrust);
  return trust;
}
