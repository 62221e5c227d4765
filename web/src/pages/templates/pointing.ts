import type {
  DocumentTemplate,
  DocumentTemplateVersion,
  DocumentTrial,
  OriginalView,
} from "@/api/types.gen";
import { ask } from "@/client";
import { queries } from "@/queries";

export type { DocumentTemplate, DocumentTemplateVersion, DocumentTrial, OriginalView };

export type FieldRole = NonNullable<DocumentTemplate["fields"]>[number]["role"];
export type ColumnRole = NonNullable<DocumentTemplate["columns"]>[number]["role"];
type Perception = NonNullable<NonNullable<OriginalView["parsed"]>["perceptions"]>[number];

export const FIELD_ROLES: readonly FieldRole[] = [
  "customer",
  "number",
  "due",
  "address",
  "receiver",
  "phone",
  "total",
  "capitals",
  "remark",
];
export const COLUMN_ROLES: readonly ColumnRole[] = [
  "code",
  "name",
  "spec",
  "quantity",
  "unit",
  "price",
  "amount",
];
export const ANCHORS_MIN = 2;
export const ANCHORS_MAX = 8;
const SUGGESTED = 4;
const LABELS = 3;
const ROUND = 10;

/** Words of a sample: where on the page as it came in, and upright in thousandths of the width. */
export interface Pointed {
  path: string;
  text: string;
  page: number;
  box: readonly number[];
  confidence: number;
  /** Left, top, right, bottom. */
  at: readonly [number, number, number, number];
}

/** Lay the words of what was perceived upright, as the plug-in does. */
export function pointsOf(seen: Perception): Pointed[] {
  const figures = seen.figures ?? {};
  return (seen.pieces ?? []).flatMap((piece, n) => {
    const box = piece.box ?? [];
    if (box.length !== 8 || (piece.kind ?? "text") !== "text") return [];
    const page = piece.page ?? 0;
    const m = Array.from({ length: 9 }, (_, i) => figures[`page${page}_upright${i}`] ?? (i % 4 ? 0 : 1));
    const [a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, k = 1] = m;
    const scale = 1_000 / (figures[`page${page}_width`] ?? seen.pages?.[page]?.[0] ?? 1_000);
    const xs: number[] = [];
    const ys: number[] = [];
    for (let i = 0; i < 8; i += 2) {
      const [x = 0, y = 0] = [box[i], box[i + 1]];
      const w = g * x + h * y + k || 1;
      xs.push(((a * x + b * y + c) / w) * scale);
      ys.push(((d * x + e * y + f) / w) * scale);
    }
    const at = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].map(round);
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = at;
    return [
      { path: `/${n}`, text: piece.text, page, box, confidence: piece.confidence ?? 1_000, at: [x0, y0, x1, y1] as const },
    ];
  });
}

const round = (value: number) => Math.round(value * ROUND) / ROUND;

/** The label in front of a colon in the words themselves, "" where there is none. */
export function ownLabel(text: string): string {
  const at = text.search(/[:：]/);
  return at > 0 ? text.slice(0, at) : "";
}

/** Words that may be the label of a value: its own, those to the left on its line, those above. */
export function labelsOf(chosen: Pointed, all: readonly Pointed[]): Pointed[] {
  const [x0, y0, , y1] = chosen.at;
  const middle = (y0 + y1) / 2;
  const left = all.filter((one) => one !== chosen && one.page === chosen.page && one.at[2] <= x0 + 5 && one.at[1] < middle && one.at[3] > middle);
  const above = all.filter(
    (one) => one.page === chosen.page && one.at[3] <= y0 + 5 && one.at[0] < chosen.at[2] && one.at[2] > x0,
  );
  const own = ownLabel(chosen.text) ? [chosen] : [];
  return [
    ...own,
    ...left.sort((a, b) => b.at[2] - a.at[2]).slice(0, LABELS),
    ...above.sort((a, b) => b.at[3] - a.at[3]).slice(0, 1),
  ];
}

/** A field where words stand, counted from its label's upper left corner. */
export function fieldOf(role: FieldRole, chosen: Pointed, label: Pointed | null): NonNullable<DocumentTemplate["fields"]>[number] {
  const [x, y] = label ? label.at : [0, 0];
  const [x0, y0, x1, y1] = chosen.at;
  return {
    role,
    label: label ? ownLabel(label.text) || label.text : "",
    box: [round(x0 - x), round(y0 - y), round(x1 - x), round(y1 - y)],
  };
}

/** Words that hold no value of their own tell layouts apart: the first of them, the title above. */
export function suggestAnchors(points: readonly Pointed[]): NonNullable<DocumentTemplate["anchors"]> {
  const plain = points.filter((one) => one.page === 0 && /^[^\d:：]{2,12}$/.test(one.text) && one.confidence >= 900);
  return plain.slice(0, SUGGESTED).map(anchorOf);
}

/** An anchor of words. */
export function anchorOf(one: Pointed): DocumentTemplate["anchors"][number] {
  return { text: one.text, x: one.at[0], y: one.at[1] };
}

export const TEMPLATES = ["document-templates"] as const;

export const listTemplates = (signal: AbortSignal) =>
  ask<{ items: readonly DocumentTemplateVersion[] }>("/v1/document-templates", { signal });

export const listSamples = (signal: AbortSignal) =>
  ask<{ items: readonly OriginalView["row"][] }>("/v1/originals?modality=photo&limit=30", { signal });

/** Read a sample by a template that need not be published. */
export async function attempt(code: string, template: DocumentTemplate, sample: string): Promise<DocumentTrial> {
  return await ask("/v1/document-templates/try", { method: "POST", json: { code, template, sample } });
}

/** Publish the next version. */
export async function publish(
  code: string,
  template: DocumentTemplate,
  sample: string,
  seen: number,
): Promise<DocumentTemplateVersion> {
  const made = await ask<DocumentTemplateVersion>(`/v1/document-templates/${encodeURIComponent(code)}`, {
    method: "PUT",
    json: { template, sample, seen },
  });
  await queries.invalidateQueries({ queryKey: TEMPLATES });
  return made;
}

/** Take a template out of use. */
export async function retire(code: string): Promise<void> {
  await ask(`/v1/document-templates/${encodeURIComponent(code)}/retire`, { method: "POST" });
  await queries.invalidateQueries({ queryKey: TEMPLATES });
}
