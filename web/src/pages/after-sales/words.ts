import { useTranslation } from "react-i18next";
import type { CaseItem } from "@/api/types.gen";
import { left, leftWords } from "@/format";
import type { Tone } from "@/parts/status-tag";

export const AFTER_SALES_KEY = ["after-sales"] as const;
export const KINDS = ["return", "exchange", "refund_only", "compensation", "claim"] as const;
export const STATES = [
  "open",
  "asked",
  "proposed",
  "agreed",
  "returning",
  "received",
  "inspected",
  "paying",
  "filed",
  "closed",
  "refused",
  "withdrawn",
] as const;
export const REASONS = [
  "no_longer_wanted",
  "quality",
  "damaged",
  "wrong_goods",
  "missing",
  "not_as_described",
  "late",
  "price",
  "refused",
  "lost",
  "other",
] as const;
export const GRADES = ["as_new", "opened", "used", "damaged", "wrong"] as const;
export const OUTCOMES = ["restock", "set_aside", "scrap", "send_back"] as const;

const TONES: Record<string, Tone> = {
  asked: "primary",
  proposed: "pend",
  agreed: "info",
  returning: "info",
  received: "primary",
  inspected: "primary",
  paying: "risk",
  filed: "pend",
  closed: "kept",
  refused: "excused",
  withdrawn: "excused",
};

export function toneOf(item: CaseItem): Tone {
  return item.is_stuck ? "broken" : (TONES[item.state] ?? "plain");
}

/** The words of a case: its kind, state and reason, and what time is left. */
export function useWords() {
  const { t } = useTranslation("after-sales");
  const from = (table: string, code: string) => t(`${table}.${code}`, { defaultValue: code });
  return {
    kind: (item: CaseItem) => from("kinds", item.kind),
    state: (item: CaseItem) =>
      item.kind === "claim" ? from("claimStates", item.state) : from("states", item.state),
    reason: (item: CaseItem) => from("reasons", item.reason),
    origin: (item: CaseItem) => from("origins", item.origin),
    left: (item: CaseItem, now: number) => (item.due ? leftWords(item.due, now) : "—"),
    isLate: (item: CaseItem, now: number) => Boolean(item.due) && (left(item.due, now) ?? 0) < 0,
    units: (item: CaseItem) =>
      item.lines
        .map((n) => (n.quantity ? `${n.sku} × ${n.quantity}` : n.sku))
        .join("、"),
  };
}
