import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Replan } from "@/api/types.gen";
import { decimal } from "@/format";
import type { Tone } from "@/parts/status-tag";

export const REPLANS_KEY = ["replans"] as const;
const TONES: Record<string, Tone> = {
  done: "kept",
  failed: "broken",
  cancelled: "excused",
  running: "risk",
  waiting: "risk",
};

export const isOver = (run: Replan) => run.state !== "waiting" && run.state !== "running";
export const toneOf = (run: Replan): Tone => TONES[run.state] ?? "excused";

/** How far a run is, 0 to 100: moving is counted by orders, every other stage by itself. */
export function percentOf(run: Replan): number {
  if (isOver(run)) return 100;
  if (run.stage === "moving" && run.planned > 0) {
    return Math.round((100 * (run.moved + run.refused)) / run.planned);
  }
  return run.percent;
}

/** A run in words. The hub names causes and stages; the words are the console's. */
export function useRunWords() {
  const { t } = useTranslation("replans");
  return useMemo(() => {
    const cause = (run: Replan) => {
      if (run.cause === "schedule") return t("causes.schedule");
      if (run.cause.startsWith("closed ")) return t("causes.closed", { codes: run.cause.slice(7) });
      return run.cause || t("causes.person");
    };
    const state = (run: Replan) =>
      run.state === "running" && run.stage
        ? t(`stages.${run.stage}`, { defaultValue: run.stage })
        : t(`states.${run.state}`, { defaultValue: run.state });
    const gap = (run: Replan) => {
      if (run.bound_fen === 0) return "—";
      return run.proven ? t("proven") : `≤ ${decimal(run.gap_ppm / 10_000, 3)}%`;
    };
    return { cause, state, gap };
  }, [t]);
}
