import type { Action, Clock, Finding, Remedy, Wanted, Word } from "@/api/types.gen";
import { byLocale } from "@/i18n";

/** A new action as the form begins with it. */
export function blank(code: string): Action {
  return {
    action: code,
    version: 1,
    name: { zh: "", en: "" },
    deontic: { type: "achievement", bearer: "merchant", counterparty: "buyer" },
    applies: { all: true },
    who: { roles: [], grade: "B" },
    statement: { zh: "", en: "" },
    evidence: [],
  };
}

/** The next version of an action, to be drafted from it. */
export const CLOCK: Clock = { start: "payment.confirmed", limit: "PT48H", stop: "carrier.accepted" };
export const EVIDENCE: Wanted = { kind: "photo", min: 1, by: "person", retain: "P3Y" };
export const STEP: Remedy = { do: "notify", to: "buyer", due: "PT1H" };

/** Change one place of an action; what becomes empty is left out, as the hub writes it. */
export type Change = (changes: Partial<Action>) => void;

export interface Choice {
  value: string;
  label: string;
}

export function choices(words: readonly Word[]): Choice[] {
  return words.map((word) => ({ value: word.code, label: byLocale(word.zh, word.en) }));
}

/** The findings at a place or below it. */
export function below(findings: readonly Finding[], pointer: string): Finding[] {
  return findings.filter(
    (one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`),
  );
}

export const UNITS = ["S", "M", "H", "D", "Y"] as const;
export type Unit = (typeof UNITS)[number];

export interface Span {
  count: number;
  unit: Unit;
}

/** Read a duration of one unit (PT48H, P180D, P3Y); undefined for any other. */
export function readSpan(text: string): Span | undefined {
  const found = /^P(?:(\d+)([DY])|T(\d+)([HMS]))$/.exec(text);
  if (!found) return undefined;
  return { count: Number(found[1] ?? found[3]), unit: (found[2] ?? found[4]) as Unit };
}

export function writeSpan({ count, unit }: Span): string {
  return unit === "D" || unit === "Y" ? `P${count}${unit}` : `PT${count}${unit}`;
}

/** The names in braces of a text, each once, in order. */
export function namesIn(...texts: (string | undefined)[]): string[] {
  const found = texts.flatMap((text) => [...(text ?? "").matchAll(/\{([a-z0-9_]+)\}/g)]);
  return [...new Set(found.map((one) => one[1] as string))];
}
