import type { Review } from "@/api/types.gen";
import type { PageBox } from "@/parts/box-places";

/** Where a field stands in the original. */
export interface Mark {
  path: string;
  start: number;
  end: number;
  from_ms: number;
  to_ms: number;
  page: number;
  box: readonly number[];
  worth: number;
}

/** Every place that a field was read from. */
export function marksOf(review: Review): Mark[] {
  return review.fields.flatMap((field) =>
    field.spans.map((span) => ({
      path: field.path,
      start: span.start ?? 0,
      end: span.end ?? 0,
      from_ms: span.from_ms ?? 0,
      to_ms: span.to_ms ?? 0,
      page: span.page ?? 0,
      box: span.box ?? [],
      worth: field.worth,
    })),
  );
}

/** How sure a value in thousandths is, for its colour; the number stands beside it. */
export function toneOf(worth: number): "kept" | "risk" | "broken" {
  if (worth >= 900) return "kept";
  return worth >= 600 ? "risk" : "broken";
}

/** The boxes on pages. A field in several places keeps its pointer; `nameOf` labels it. */
export function boxesOf(marks: readonly Mark[], nameOf: (path: string) => string): PageBox[] {
  return marks
    .filter((mark) => mark.box.length === 8)
    .map((mark) => ({
      path: mark.path,
      page: mark.page,
      box: mark.box,
      confidence: mark.worth,
      label: `${nameOf(mark.path)} ${Math.round(mark.worth / 10)}%`,
    }));
}

/** A stretch of text, and the field that it was read as, undefined = none. */
export interface Stretch {
  text: string;
  mark: Mark | undefined;
}

/** Cut text at its marks. Where two overlap, the one that begins first has it. */
export function stretchesOf(text: string, marks: readonly Mark[]): Stretch[] {
  // The hub counts characters, a browser UTF-16 units: a rare character is two of these.
  const characters = Array.from(text);
  const slice = (from: number, to: number) => characters.slice(from, to).join("");
  const told: Stretch[] = [];
  let here = 0;
  const inText = marks.filter((mark) => mark.end > mark.start).sort((a, b) => a.start - b.start);
  for (const mark of inText) {
    if (mark.start < here || mark.end > characters.length) continue;
    if (mark.start > here) told.push({ text: slice(here, mark.start), mark: undefined });
    told.push({ text: slice(mark.start, mark.end), mark });
    here = mark.end;
  }
  if (here < characters.length) told.push({ text: slice(here, characters.length), mark: undefined });
  return told;
}
