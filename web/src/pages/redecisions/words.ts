import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Redecision } from "@/api/types.gen";
import type { Tone } from "@/parts/status-tag";

export const REDECISIONS_KEY = ["redecisions"] as const;
export const NAMED = 3;

/** What a run is about, in words. The hub names reasons and classes; the words are the console's. */
export function useClosed() {
  const { t } = useTranslation("redecisions");
  return useMemo(() => {
    const one = (closed: Redecision["closed"][number]) => {
      const reason = t(`reasons.${closed.reason}`, { defaultValue: closed.reason });
      const storage = closed.storage ? t(`storages.${closed.storage}`) : "";
      return `${closed.warehouse} ${storage}${storage ? " " : ""}${reason}`;
    };
    const cause = (run: Redecision) => {
      const named = run.closed.slice(0, NAMED).map(one).join(t("and"));
      const more = run.closed_total - Math.min(NAMED, run.closed.length);
      return more > 0 ? t("more", { named, count: more }) : named;
    };
    return { one, cause };
  }, [t]);
}

/** Orders that nothing else could take need somebody. */
export const toneOf = (run: Redecision): Tone => {
  if (!run.ended) return "risk";
  return run.orders.stays + run.orders.pinned + run.orders.held + run.orders.refused > 0 ? "broken" : "kept";
};
