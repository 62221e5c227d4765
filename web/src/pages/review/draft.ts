import type { Candidate, FieldShown, PortsModalityDraft as Draft, Question } from "@/api/types.gen";

/** How a field is edited. */
export type Kind = "sku" | "store" | "customer" | "count" | "money" | "time" | "words" | "text";

/** One row of the table of what was read. */
export interface Row {
  path: string;
  kind: Kind;
  /** Key of its name in review.json, and the number of its line, from 1; 0 = of the whole. */
  name: string;
  line: number;
  value: string;
  field: FieldShown | undefined;
  question: Question | undefined;
}

const KINDS: Readonly<Record<string, Kind>> = {
  sku: "sku",
  store: "store",
  customer: "customer",
  quantity: "count",
  price_fen: "money",
  total_fen: "money",
  due_ms: "time",
  remarks: "words",
  options: "words",
  requirements: "words",
  symptoms: "words",
};
const NUMBERS = new Set<Kind>(["count", "money", "time"]);
const HEAD = ["customer", "store", "number", "due_ms"] as const;
const LINE = ["sku", "quantity", "price_fen", "options", "remarks"] as const;
const FOOT = [
  "receiver",
  "phone",
  "address",
  "total_fen",
  "remarks",
  "requirements",
  "of_order",
] as const;
const REPAIR = ["device", "symptoms", "said"] as const;
/** Below this, in thousandths, a value that could be another is asked about. */
export const SURE = 900;
export const ANSWERS = 9;
const SEPARATOR = /[、,，;；\n]+/;

const steps = (path: string) => path.split("/").slice(1);

/** The value at a pointer, as text; lists joined by 、, "" where there is none. */
export function valueAt(draft: Draft, path: string): string {
  let here: unknown = draft;
  for (const step of steps(path)) here = (here as Record<string, unknown> | undefined)?.[step];
  if (here === undefined || here === null || here === -1 || here === 0) return "";
  return Array.isArray(here) ? here.join("、") : String(here);
}

export function kindOf(path: string): Kind {
  return KINDS[steps(path).at(-1) ?? ""] ?? "text";
}

/** The draft with another value at a pointer; the title goes with the goods. */
export function withValue(draft: Draft, path: string, text: string, title = ""): Draft {
  const copy = structuredClone(draft);
  const way = steps(path);
  const last = way.pop() ?? "";
  let here = copy as unknown as Record<string, unknown>;
  for (const step of way) here = (here[step] ??= {}) as Record<string, unknown>;
  const kind = kindOf(path);
  if (kind === "words") here[last] = text.split(SEPARATOR).map((one) => one.trim()).filter(Boolean);
  else if (NUMBERS.has(kind)) {
    if (text === "") delete here[last];
    else here[last] = Number(text);
  } else here[last] = text;
  if (kind === "sku") here.title = title;
  return copy;
}

/** The draft with one more line, without goods yet. */
export function withLine(draft: Draft): Draft {
  return { ...draft, lines: [...(draft.lines ?? []), { sku: "", quantity: 1 }] };
}

/** The draft without a line, counted from 0. */
export function withoutLine(draft: Draft, at: number): Draft {
  return { ...draft, lines: (draft.lines ?? []).filter((_, one) => one !== at) };
}

/** What keeps a draft from being confirmed: the pointer that needs a value, "" = nothing. */
export function missingOf(draft: Draft): string {
  const lines = draft.lines ?? [];
  if (lines.length === 0 && !draft.repair && !draft.of_order) return "/lines";
  const at = lines.findIndex((line) => !line.sku || !(line.quantity > 0));
  if (at < 0) return "";
  return lines[at]?.sku ? `/lines/${at}/quantity` : `/lines/${at}/sku`;
}

/** The rows that a reviewer sees: what has a value, what was read, what is asked about. */
export function rowsOf(
  draft: Draft,
  fields: readonly FieldShown[],
  questions: readonly Question[],
): Row[] {
  const byPath = new Map(fields.map((field) => [field.path, field]));
  const asked = new Map(questions.map((question) => [question.path ?? "", question]));
  const rows: Row[] = [];
  const add = (path: string, name: string, line: number, always = false) => {
    const value = valueAt(draft, path);
    const field = byPath.get(path) ?? fields.find((one) => one.path.startsWith(`${path}/`));
    const question = asked.get(path);
    if (!always && !value && !field && !question) return;
    rows.push({ path, kind: kindOf(path), name, line, value, field, question });
  };
  for (const name of HEAD) add(`/${name}`, name, 0, name === "customer" || name === "store");
  (draft.lines ?? []).forEach((_, at) => {
    for (const name of LINE) add(`/lines/${at}/${name}`, name, at + 1, name === "sku" || name === "quantity");
  });
  if (draft.repair) {
    for (const name of REPAIR) add(`/repair/${name}`, name, 0);
    (draft.repair.parts ?? []).forEach((_, at) => {
      for (const name of ["sku", "quantity"]) add(`/repair/parts/${at}/${name}`, name, at + 1);
    });
  }
  for (const name of FOOT) add(`/${name}`, name, 0);
  return rows;
}

/** What may stand there instead, the likeliest first. */
export function answersOf(row: Row | undefined): readonly Candidate[] {
  const found = row?.question?.candidates?.length ? row.question.candidates : row?.field?.candidates;
  return (found ?? []).slice(0, ANSWERS - 1);
}

/** The row that a person should look at: what is asked, else what could well be something else. */
export function doubtfulOf(rows: readonly Row[], settled: ReadonlySet<string>): Row | undefined {
  const open = rows.filter((row) => !settled.has(row.path));
  return (
    open.find((row) => row.question) ??
    open
      .filter((row) => answersOf(row).length > 1 && (row.field?.worth ?? 1000) < SURE)
      .sort((a, b) => (a.field?.worth ?? 0) - (b.field?.worth ?? 0))[0]
  );
}

/** Whether anything differs from how it was read; titles do not count. */
export function isChanged(before: Draft, after: Draft): boolean {
  const plain = (draft: Draft) => JSON.stringify(draft, (key, value) => (key === "title" ? undefined : (value as unknown)));
  return plain(before) !== plain(after);
}
