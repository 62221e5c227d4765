import type { ReactNode } from "react";

/** One column of a LedgerTable. */
export interface Column<Row> {
  key: string;
  /** Its heading, translated. */
  title: string;
  /** px, before the person drags it. */
  width: number;
  /** px to which it gives way in a narrow window, until the person drags it; else three quarters. */
  least?: number;
  render: (row: Row) => ReactNode;
  /** The cell as plain text: tooltip of cut words, and what is copied. */
  text: (row: Row) => string;
  /** Numbers stand right; words and states left. */
  align?: "left" | "right";
  /** Stays when the table is scrolled sideways; such columns come first. */
  fixed?: boolean;
  sortable?: boolean;
  /** Not shown until the person asks for it. */
  isExtra?: boolean;
}

/** What a person changed of the columns; the caller keeps it (on the server, per view). */
export interface Layout {
  /** Keys in their order; columns that are not named keep their place after these. */
  order?: readonly string[];
  /** px by key. */
  widths?: Readonly<Record<string, number>>;
  hidden?: readonly string[];
  /** Extra columns that are shown. */
  shown?: readonly string[];
}

export interface Sort {
  key: string;
  descending: boolean;
}

export const WIDTH_MIN_PX = 48;
export const WIDTH_MAX_PX = 640;

/** All columns in the person's order, fixed ones first. */
export function arrange<Row>(columns: readonly Column<Row>[], layout: Layout): Column<Row>[] {
  const place = new Map((layout.order ?? []).map((key, at) => [key, at]));
  const last = place.size;
  return columns
    .map((column, at) => ({ column, rank: place.get(column.key) ?? last + at }))
    .sort(
      (a, b) =>
        Number(b.column.fixed ?? false) - Number(a.column.fixed ?? false) || a.rank - b.rank,
    )
    .map(({ column }) => {
      const dragged = layout.widths?.[column.key];
      return dragged ? { ...column, width: dragged, least: dragged } : column;
    });
}

/** Whether a column is shown under a layout. */
export function isShown<Row>(column: Column<Row>, layout: Layout): boolean {
  if (column.isExtra) return layout.shown?.includes(column.key) ?? false;
  return !(layout.hidden?.includes(column.key) ?? false);
}

/** Show or hide a column. */
export function toggle<Row>(column: Column<Row>, layout: Layout): Layout {
  const part = column.isExtra ? "shown" : "hidden";
  const keys = layout[part] ?? [];
  const next = keys.includes(column.key)
    ? keys.filter((key) => key !== column.key)
    : [...keys, column.key];
  return { ...layout, [part]: next };
}

/** Move a column one place up or down among all. */
export function move<Row>(
  columns: readonly Column<Row>[],
  layout: Layout,
  key: string,
  step: -1 | 1,
): Layout {
  const order = arrange(columns, layout).map((column) => column.key);
  const at = order.indexOf(key);
  const to = at + step;
  const other = order[to];
  if (at < 0 || other === undefined) return layout;
  order[to] = key;
  order[at] = other;
  return { ...layout, order };
}

/** Put a column where another one is, and that one behind it. */
export function putBefore<Row>(
  columns: readonly Column<Row>[],
  layout: Layout,
  key: string,
  before: string,
): Layout {
  const order = arrange(columns, layout).map((column) => column.key);
  if (key === before || !order.includes(key) || !order.includes(before)) return layout;
  const others = order.filter((one) => one !== key);
  others.splice(others.indexOf(before), 0, key);
  return { ...layout, order: others };
}

/** Set a column's width within bounds. */
export function widen(layout: Layout, key: string, width_px: number): Layout {
  const width = Math.round(Math.min(WIDTH_MAX_PX, Math.max(WIDTH_MIN_PX, width_px)));
  return { ...layout, widths: { ...layout.widths, [key]: width } };
}

/** Rows as tab-separated text with headings, as spreadsheets take them. */
export function asTsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const clean = (text: string) => text.replace(/[\t\r\n]+/g, " ");
  return [
    columns.map((column) => clean(column.title)).join("\t"),
    ...rows.map((row) => columns.map((column) => clean(column.text(row))).join("\t")),
  ].join("\n");
}

/** The keys from one row to another, both included. */
export function between(keys: readonly string[], from: string, to: string): readonly string[] {
  const a = keys.indexOf(from);
  const b = keys.indexOf(to);
  if (a < 0 || b < 0) return b < 0 ? [] : [to];
  return keys.slice(Math.min(a, b), Math.max(a, b) + 1);
}
