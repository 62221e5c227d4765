import type { TableColumnType, TableProps } from "antd";
import type { TFunction } from "i18next";
import type { ThHTMLAttributes } from "react";
import {
  BodyCell,
  BodyRow,
  HeadCell,
  Heading,
  HeadRow,
  HeadTable,
  HeadWrapper,
  Tick,
} from "./ledger-cells";
import { type Column, type Layout, type Sort, widen } from "./ledger-columns";

export const TICK_PX = 40;

/** What antd draws the table with; the types do not know that a virtual body is made of boxes. */
export const COMPONENTS = {
  table: HeadTable,
  header: { wrapper: HeadWrapper, row: HeadRow, cell: HeadCell },
  body: { row: BodyRow, cell: BodyCell },
} as unknown as NonNullable<TableProps<object>["components"]>;

interface ColumnArgs<Row> {
  column: Column<Row>;
  layout: Layout;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
  onLayout: ((layout: Layout) => void) | undefined;
}

/** One column as antd wants it. */
export function columnOf<Row extends object>(args: ColumnArgs<Row>): TableColumnType<Row> {
  const { column, layout, sort, onSort, onLayout } = args;
  const isRight = column.align === "right";
  const isSorted = sort?.key === column.key;
  const head = {
    name: column.title,
    width_px: column.width,
    ...(onLayout
      ? { onWiden: (px: number) => onLayout(widen(layout, column.key, px)) }
      : {}),
    ...(isSorted
      ? { "aria-sort": sort.descending ? ("descending" as const) : ("ascending" as const) }
      : {}),
  };
  return {
    key: column.key,
    width: column.width,
    align: isRight ? "right" : "left",
    // Numbers are never cut; words are, and then they have a tooltip.
    ellipsis: isRight ? false : { showTitle: false },
    ...(column.fixed ? { fixed: "left" as const } : {}),
    title: (
      <Heading
        title={column.title}
        name={column.key}
        isSortable={column.sortable ?? false}
        sort={sort}
        onSort={onSort}
      />
    ),
    render: (_, row) => column.render(row),
    onCell: (row) => (isRight ? {} : { title: column.text(row) }),
    onHeaderCell: () => head as ThHTMLAttributes<HTMLTableCellElement>,
  };
}

interface TickArgs<Row> {
  keys: readonly string[];
  selected: ReadonlySet<string>;
  keyOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  tick: (key: string, withShift: boolean) => void;
  onSelect: (keys: ReadonlySet<string>) => void;
  t: TFunction;
}

/** The first column: boxes to select rows. */
export function tickColumn<Row extends object>(args: TickArgs<Row>): TableColumnType<Row> {
  const { keys, selected, keyOf, nameOf, tick, onSelect, t } = args;
  const isAll = keys.length > 0 && keys.every((key) => selected.has(key));
  return {
    key: "tick",
    width: TICK_PX,
    fixed: "left",
    className: "tick-cell",
    title: (
      <Tick
        label={t("table.selectAll")}
        isOn={isAll}
        isPart={selected.size > 0 && !isAll}
        onClick={() => onSelect(isAll ? new Set() : new Set(keys))}
      />
    ),
    render: (_, row) => (
      <Tick
        label={t("table.selectRow", { row: nameOf(row) })}
        isOn={selected.has(keyOf(row))}
        onClick={(withShift) => tick(keyOf(row), withShift)}
      />
    ),
  };
}
