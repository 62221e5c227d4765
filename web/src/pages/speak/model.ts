import type { Candidate, OriginalRow, Parsed, PortsModalityDraft as Draft, Question } from "@/api/types.gen";
import type { Problem } from "@/problem";

/** What the hub says while somebody speaks. */
export type Told =
  | { type: "ready" }
  | { type: "words"; words: string }
  | { type: "received"; original: OriginalRow }
  | { type: "read"; original: OriginalRow; draft?: Draft; parsed?: Parsed }
  | { type: "problem"; problem: { status: number; code: string } };

/** An utterance that was read, and what a person changed of it. */
export interface Spoken {
  original: OriginalRow;
  draft: Draft;
  parsed: Parsed | undefined;
  changed: readonly string[];
}

export type Phase = "idle" | "opening" | "listening" | "reading";

/** Where things stand. `words` are what is heard so far, `level` is 0 to 1. */
export interface Standing {
  phase: Phase;
  words: string;
  level: number;
  since: number;
  problem: Problem | null;
}

/** Below these, in thousandths, a value is looked at, or asked about. */
const SURE = 900;
const DOUBTFUL = 650;
const NUMBER = new Set(["quantity", "price_fen", "total_fen", "due_ms"]);

export function toneOf(confidence: number): "kept" | "risk" | "broken" {
  if (confidence >= SURE) return "kept";
  return confidence >= DOUBTFUL ? "risk" : "broken";
}

/** How sure the value at a pointer is, in thousandths; undefined where the speaker said nothing. */
export function sureOf(spoken: Spoken, path: string): number | undefined {
  if (spoken.changed.includes(path)) return undefined;
  return spoken.parsed?.fields.find((field) => field.path === path)?.confidence;
}

/** What a value is called: its title among the candidates, else what was said, else itself. */
export function titleOf(spoken: Spoken, path: string, value: string): string {
  const field = spoken.parsed?.fields.find((one) => one.path === path);
  const asked = (spoken.parsed?.questions ?? []).flatMap((one) => one.candidates ?? []);
  const known = [...(field?.candidates ?? []), ...asked].find((one) => one.value === value);
  return known?.title || (field?.value === value ? (field.said ?? "") : "") || value;
}

/** The question that is open: the first whose field nobody has answered. */
export function questionOf(spoken: Spoken): Question | undefined {
  return spoken.parsed?.questions?.find((one) => !one.path || !spoken.changed.includes(one.path));
}

/** The utterance with an answer put in its place. */
export function answered(spoken: Spoken, path: string, answer: Candidate): Spoken {
  const draft = structuredClone(spoken.draft);
  const steps = path.split("/").slice(1);
  const last = steps.pop() ?? "";
  let here = draft as unknown as Record<string, unknown>;
  for (const step of steps) here = (here[step] ??= {}) as Record<string, unknown>;
  const before = here[last];
  if (last === "options") here[last] = [...(Array.isArray(before) ? (before as string[]) : []), answer.value];
  else here[last] = NUMBER.has(last) ? Number(answer.value) : answer.value;
  if (last === "sku") here.title = answer.title ?? "";
  return { ...spoken, draft, changed: [...spoken.changed, path] };
}

/** What a draft still lacks before it can be ordered: a pointer, "" = nothing. */
export function lackOf(draft: Draft): string {
  const lines = draft.lines ?? [];
  if (lines.length === 0) return draft.of_order || draft.repair ? "" : "/lines";
  const at = lines.findIndex((line) => !line.sku || !(line.quantity > 0));
  if (at < 0) return "";
  return lines[at]?.sku ? `/lines/${at}/quantity` : `/lines/${at}/sku`;
}
