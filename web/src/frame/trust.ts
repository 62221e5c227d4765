import { useState } from "react";
import { useLive } from "@/live/use-live";

/** What the live topic `trust` says; absent parts are not known. */
export interface Trust {
  clock_error_us?: number;
  seal_age_ms?: number;
  sealed_at?: string;
  tone?: "kept" | "risk" | "broken";
}

/** The newest word on time and seal, or null while there is none. */
export function useTrust(): Trust | null {
  const [trust, setTrust] = useState<Trust | null>(null);
  useLive<Trust>("trust", setTrust);
  return trust;
}
