import type { Conflict, DictionaryField } from "@/api/types.gen";
import { count, duration, money, weight } from "@/format";

export const PATH = "/v1/dictionary";
export const KEY = ["dictionary"] as const;
export const CONFLICTS_KEY = ["dictionary", "conflicts"] as const;
/** The people at the console, as a source. */
export const HERE = "hub";
export const RULES = ["authority", "latest", "larger", "smaller", "ask"] as const;
export type Rule = (typeof RULES)[number];
/** Rules that need a larger and a smaller. */
const ORDERED: ReadonlySet<string> = new Set(["integer", "amount", "clock"]);

const MIN_MS = 60_000;

export function rulesOf(field: DictionaryField): readonly Rule[] {
  return ORDERED.has(field.type) ? RULES : (["authority", "latest", "ask"] as const);
}

/** A value as people write it: the field's name ends in its unit. */
export function spell(field: string, value: number | string): string {
  if (typeof value === "string") return value || "—";
  if (field.endsWith("_fen")) return money(value);
  if (field.endsWith("_g")) return weight(value);
  if (field === "cutoff_min") {
    const two = (n: number) => String(n).padStart(2, "0");
    return `${two(Math.floor(value / 60))}:${two(value % 60)}`;
  }
  if (field.endsWith("_min")) return duration(value * MIN_MS);
  if (field.endsWith("_udeg")) return (value / 1e6).toFixed(6);
  return count(value);
}

export function keyOf(one: Conflict): string {
  return [one.kind, ...one.key, one.field].join(" ");
}
