import type { SavedView } from "@/api/types.gen";
import { arrange, type Column, isShown, type Layout, type Sort } from "@/parts/ledger-columns";
import { type Filter, readFilters, writeFilters } from "@/parts/filters";

type ViewColumn = SavedView["columns"][number];

/** A view's columns as the table's layout. */
export function layoutOf(columns: readonly ViewColumn[]): Layout {
  const visible = columns.filter((one) => one.visible ?? true).map((one) => one.name);
  return {
    order: columns.map((one) => one.name),
    widths: Object.fromEntries(
      columns.flatMap((one) => (one.width ? [[one.name, one.width] as const] : [])),
    ),
    hidden: columns.map((one) => one.name).filter((name) => !visible.includes(name)),
    shown: visible,
  };
}

/** The table's layout as a view keeps it. */
export function columnsOf<Row>(columns: readonly Column<Row>[], layout: Layout): ViewColumn[] {
  return arrange(columns, layout).map((column) => ({
    name: column.key,
    width: Math.round(layout.widths?.[column.key] ?? 0),
    visible: isShown(column, layout),
  }));
}

/** Whether two lists of columns show the same. */
export function isAlike(a: readonly ViewColumn[], b: readonly ViewColumn[]): boolean {
  const written = (columns: readonly ViewColumn[]) =>
    columns.map(({ name, width, visible }) => `${name} ${width ?? 0} ${visible ?? true}`).join();
  return written(a) === written(b);
}

/** A filter's text as this console writes it, so that two of them can be compared. */
export const plain = (f: string) => writeFilters(readFilters(f));

/** A filter less one of its conditions. */
export const without = (filters: readonly Filter[], one: Filter) =>
  writeFilters(filters.filter((other) => other !== one));

const SORTS: Readonly<Record<string, Sort>> = {
  due: { key: "due", descending: false },
  "-placed": { key: "placed", descending: true },
  "-amount": { key: "total", descending: true },
  amount: { key: "total", descending: false },
};

/** The hub's word for a sort as the table shows it. */
export const sortOf = (word: string): Sort | undefined => SORTS[word];

/** The table's wish as a sort that the hub has: time left rises, the newest come first. */
export function wordOf(sort: Sort): SavedView["sort"] {
  if (sort.key === "total") return sort.descending ? "amount" : "-amount";
  return sort.key === "placed" ? "-placed" : "due";
}
