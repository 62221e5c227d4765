import { useTranslation } from "react-i18next";
import type { BillDifference, ReconcileRun } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import type { Tone } from "@/parts/status-tag";

export const RECONCILE_KEY = ["reconcile"] as const;
export const AGES = ["older", "month", "week", "day"] as const;
export const hrefOf = (one: BillDifference) => `/reconcile/differences/${one.id}`;
export const diffOf = (one: BillDifference) => one.actual_fen - one.expected_fen;

const TONES: Record<string, Tone> = {
  open: "broken",
  proposed: "pend",
  closed: "kept",
  settled: "excused",
};
export const toneOf = (state: string): Tone => TONES[state] ?? "plain";

const OVER = ["done", "failed", "cancelled"];
export const isOver = (run: ReconcileRun) => OVER.includes(run.stage);
export const runTone = (run: ReconcileRun): Tone =>
  run.stage === "done" ? "kept" : run.stage === "failed" ? "broken" : "primary";

/** Words of differences: class, what it is about, whose money. */
export function useWords() {
  const { t } = useTranslation(["reconcile", "common"]);
  return {
    class: (name: string) => t(`classes.${name}`),
    age: (name: string) => t(`ages.${name}`),
    state: (name: string) => t(`states.${name}`),
    reason: (name: string) => (name ? t(`reasons.${name}`) : "—"),
    rule: (name: string) => (name ? t(`rules.${name}`) : t("rules.none")),
    kind: (name: string) => t(`kinds.${name}`),
    book: (name: string) => t(`books.${name}`, { defaultValue: name }),
    stage: (run: ReconcileRun) => t(`stages.${run.stage}`),
    /** What it is called: the order's number, the waybill, the line. */
    subject: (one: BillDifference) =>
      one.number ||
      (one.key.startsWith("line/")
        ? t("line", { no: one.key.slice(5) })
        : one.key.startsWith("bill/")
          ? t("dueOf", { span: one.key.slice(5) })
          : one.key),
    /** Why it began: by itself, or what a person said. */
    cause: (run: ReconcileRun) => t(`causes.${run.cause}`, { defaultValue: run.cause }),
    form: (form: { zh: string; en: string }) => byLocale(form.zh, form.en),
  };
}
