import type { TFunction } from "i18next";
import type { LearnedMarks, LearnedModel } from "@/api/types.gen";
import { count, share } from "@/format";

export const KEY = ["learning"] as const;
export const STANDING_KEY = [...KEY, "standing"] as const;
export const TRAINING_KEY = [...KEY, "training"] as const;
const MILLI = 1_000;
const HOUR_MIN = 60;

/** A chance or a share of thousandths. */
export const percent = (thousandths: number, digits = 0) => share(thousandths / MILLI, digits);

/** Hours and days of minutes, to one place. */
export function took(minutes: number, t: TFunction<"order-risks">): string {
  const hours = minutes / HOUR_MIN;
  return Math.abs(hours) < 48
    ? t("hours", { n: hours.toFixed(1) })
    : t("daysOf", { n: (hours / 24).toFixed(1) });
}

/** Two digits after the point, of thousandths that are no share: AUC, PSI. */
export const ratio = (thousandths: number) => (thousandths < 0 ? "—" : (thousandths / MILLI).toFixed(3));

/** How well a model does, in its own terms. */
export function mark(model: LearnedModel, marks: LearnedMarks | null, t: TFunction<"order-risks">): string {
  if (!marks || marks.rows === 0) return "—";
  if (isChance(model.target))
    return t("chanceMarks", { auc: ratio(marks.auc), ece: ratio(marks.ece), rows: count(marks.rows) });
  return t("timeMarks", {
    error: took(marks.error_min, t),
    covered: percent(marks.covered),
    rows: count(marks.rows),
  });
}

export const isChance = (target: string) => target === "late" || target === "return";
