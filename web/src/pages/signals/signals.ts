import type { TFunction } from "i18next";
import type { SignalItem, SignalVariable } from "@/api/types.gen";
import { decimal } from "@/format/numbers";
import type { Tone } from "@/parts/status-tag";

export const STATES = ["stale", "disagree", "fresh", "declared"] as const;
export type State = (typeof STATES)[number];

export const TONES: Record<State, Tone> = {
  fresh: "kept",
  stale: "broken",
  disagree: "pend",
  declared: "excused",
};

/** The page looks again so often; the hub makes a picture a second at most. */
export const LOOK_MS = 3_000;

const RATIOS = new Set(["ratio", "0-1"]);
/** Levels of the China Meteorological Administration, and its types from 01 on. */
const LEVELS = ["none", "blue", "yellow", "orange", "red"] as const;
const BITS = ["licence", "cold", "lockdown", "dangerous", "hours", "data"] as const;

/** How a value is written; words are keys of signals.json. */
export function words(
  item: SignalItem,
  unit: string,
  t: TFunction<"signals">,
): string {
  if (item.key === "wx_alert") {
    const kind = Math.floor(item.value / 100);
    const level = t(`levels.${LEVELS[item.value % 100] ?? "none"}`);
    return kind && item.value % 100 ? `${t(`types.${kind}`)} ${level}` : level;
  }
  if (item.key === "policy_compliance") {
    const set = BITS.filter((_, at) => item.value & (1 << at));
    return set.length ? set.map((bit) => t(`bits.${bit}`)).join("、") : t("bits.none");
  }
  if (RATIOS.has(unit)) return decimal(item.value, 2);
  return `${decimal(item.value, 1)} ${t(`units.${item.key}`)}`;
}

/** What wants a look first: contradictions and silences, then the rest in their order. */
export function worst(variables: readonly SignalVariable[]): { stale: number; disagree: number } {
  return {
    stale: variables.reduce((sum, one) => sum + one.stale, 0),
    disagree: variables.reduce((sum, one) => sum + one.disagree, 0),
  };
}
