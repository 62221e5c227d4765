import { useQuery } from "@tanstack/react-query";
import type {
  AnswerFigures,
  AnswerRow,
  AssetText,
  CatalogueAnswer,
  CatalogueEntry,
  CatalogueList,
} from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal, duration, growth, money, points, share } from "@/format";
import { byLocale } from "@/i18n";
import type { Tone } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";

export const KEY = ["catalogue"] as const;
/** Tones of the levels, 1 to 5: green, blue, amber, red. */
export const LEVELS: readonly Tone[] = ["plain", "kept", "info", "risk", "broken", "broken"];
export const GOOD_SCORE = 95;
const MINUTE_MS = 60_000;
const MILLE = 1_000;
/** Thousandths that are a ratio, and read better as a number than as a percentage. */
const RATIOS = new Set(["units_per_order", "stock_turns"]);

export interface Filters {
  level: string;
  owner: string;
  purpose: string;
}

/** The catalogue in the order in which it answers a question. */
export function useCatalogue(q: string, answered: string) {
  return useQuery({
    queryKey: [...KEY, "list", q, answered],
    queryFn: ({ signal }) =>
      ask<CatalogueList>(`/v1/catalogue?${query({ q, answered })}`, { signal }),
    placeholderData: (old) => old,
  });
}

/** What a question comes to; `asOf` in epoch ms, 0 = now. */
export function useAnswer(q: string, metric: string, asOf: number) {
  return useQuery({
    queryKey: [...KEY, "answer", q, metric, asOf],
    queryFn: ({ signal }) =>
      ask<CatalogueAnswer>(`/v1/catalogue/answer?${query({ q, metric, as_of: asOf || "" })}`, { signal }),
    enabled: q !== "",
  });
}

export function nameOf(title: AssetText): string {
  return byLocale(title.zh, title.en);
}

/** Entries that the filters let through. */
export function filtered(items: readonly CatalogueEntry[], filters: Filters): CatalogueEntry[] {
  return items.filter(
    (one) =>
      (!filters.level || String(one.level) === filters.level) &&
      (!filters.purpose || one.purpose === filters.purpose) &&
      (!filters.owner || ownerOf(one) === filters.owner),
  );
}

/** Who answers for it: whom a steward named, else the role of its maker. */
export function ownerOf(entry: CatalogueEntry): string {
  return entry.note.owner || entry.role;
}

type Figured = Pick<AnswerFigures, "unit" | "code">;

/** A figure as people read it. */
export function figure({ unit, code }: Figured, value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  if (unit === "fen") return money(value);
  if (unit === "minutes") return duration(value * MINUTE_MS);
  if (unit === "ms") return duration(value);
  if (unit !== "thousandths") return count(value);
  return RATIOS.has(code) ? decimal(value / MILLE, 2) : share(value / MILLE, 1);
}

/** How it changed against the time before; "" where there is nothing to compare with. */
export function change(
  { unit, code }: Figured,
  value: number | null | undefined,
  previous: number | null | undefined,
): string {
  if (value === null || value === undefined || previous === null || previous === undefined) return "";
  if (unit === "thousandths" && !RATIOS.has(code)) return points((value - previous) / MILLE);
  return previous ? growth((value - previous) / Math.abs(previous)) : "";
}

/** Whether a change is good, bad, or neither. */
export function toneOf(better: string, value: number, previous: number): Tone {
  if (!better || value === previous) return "plain";
  return value > previous === (better === "more") ? "kept" : "risk";
}

/** What a row of an answer is called. */
export function rowName(row: AnswerRow, channels: (code: string) => string, by: readonly string[]): string {
  return row.names
    .map((name, at) => (by[at] === "channel" ? channels(row.keys[at] ?? "") : nameOf(name)) || "—")
    .join(" · ");
}
