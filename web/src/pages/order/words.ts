import type { TFunction } from "i18next";
import i18next from "i18next";
import type { Figure } from "@/api/types.gen";
import { count, dated, duration, money } from "@/format";

/** The language in which the hub is asked for words. */
export function langOf(language: string): "zh" | "en" {
  return language === "en" ? "en" : "zh";
}

const HAN = "\\u3400-\\u9fff「」％·…";
const MARKS: Record<string, string> = { ",": "，", ":": "：", ";": "；" };
const NARROW = new RegExp(`(?<=[${HAN}\\d})])\\s*([,:;])\\s*(?=[${HAN}{¥])`, "g");

/** The hub writes its Chinese with narrow marks; the console shows wide ones. */
export function wide(text: string): string {
  return text.replace(NARROW, (_, mark: string) => MARKS[mark] ?? mark);
}

/** A figure in the reader's form. */
export function figureText(figure: Figure): string {
  switch (figure.kind) {
    case "money":
      return money(figure.amount ?? 0, figure.currency ?? "CNY");
    case "count":
      return count(figure.amount ?? 0);
    case "span":
      return duration(figure.amount ?? 0);
    case "instant":
      return dated(figure.at);
    default:
      return figure.text ?? "";
  }
}


/** A sentence of the hub with its figures put in. */
export function sentence(detail: string, figures: readonly Figure[]): string {
  const byName = new Map(figures.map((one) => [one.name, one]));
  const told = i18next.language === "en" ? detail : wide(detail);
  const filled = told.replace(/\{(\w+)\}/g, (slot, name: string) => {
    const figure = byName.get(name);
    return figure ? figureText(figure) : slot;
  });
  return filled.replace(/[,，:：\s]+$/, "").trim();
}

/** Chinese or English of the hub's double words. */
export function pick(words: { zh: string; en: string }): string {
  return i18next.language === "en" ? words.en : wide(words.zh);
}

/** The parts that the bars show, of those that routing has. */
export const PARTS = ["freight", "handling", "stock", "late", "short", "policy"] as const;
const RARE: readonly string[] = ["short", "policy"]; // shown only where some plan has them
const OF: Record<(typeof PARTS)[number], readonly string[]> = {
  freight: ["freight_first_fen", "freight_extra_fen"],
  handling: ["handling_fen", "split_fen"],
  stock: ["price_fen"],
  late: ["lateness_fen", "risk_fen"],
  short: ["unfulfilled_fen"],
  policy: ["policy_fen"],
};

/** The cost parts of a plan in the order of the bars, in 分; parts that no plan has are left out. */
export function costParts(
  t: TFunction<"order">,
  plan: { parts_fen: Record<string, number> },
  all: readonly { parts_fen: Record<string, number> }[],
): { key: string; label: string; fen: number }[] {
  const sum = (of: { parts_fen: Record<string, number> }, key: (typeof PARTS)[number]) =>
    OF[key].reduce((total, part) => total + (of.parts_fen[part] ?? 0), 0);
  return PARTS.filter((key) => !RARE.includes(key) || all.some((one) => sum(one, key) > 0)).map(
    (key) => ({ key, label: t(`parts.${key}`), fen: sum(plan, key) }),
  );
}
