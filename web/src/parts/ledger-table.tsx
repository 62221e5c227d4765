import { Table, type TableProps, type TableRef } from "antd";
import { type ReactNode, useEffect, useId, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { count } from "@/format/numbers";
import type { Problem } from "@/problem";
import { ROW_PX, useLook } from "@/theme/look";
import { columnOf, COMPONENTS, TICK_PX, tickColumn } from "./ledger-antd";
import { arrange, type Column, isShown, type Layout, type Sort } from "./ledger-columns";
import { useRowActs } from "./ledger-rows";
import { ProblemNote } from "./problem-note";
import { Skeleton } from "./skeleton";
import { useHeight, useNarrow, useNear } from "./use-size";

export interface LedgerProps<Row extends object> {
  /** What the table holds, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** The row's human name: "选择 DS26…". */
  nameOf: (row: Row) => string;
  /** All rows that match, where known. */
  total?: number | undefined;
  hasMore?: boolean | undefined;
  onMore?: (() => void) | undefined;
  isLoading?: boolean | undefined;
  /** A 2 px bar under the head while a new answer is on its way. */
  isWaiting?: boolean | undefined;
  problem?: Problem | null | undefined;
  onRetry?: (() => void) | undefined;
  /** What stands there when there are no rows: a sentence and one action. */
  empty?: ReactNode;
  sort?: Sort | undefined;
  onSort?: ((sort: Sort) => void) | undefined;
  selected?: ReadonlySet<string> | undefined;
  onSelect?: ((keys: ReadonlySet<string>) => void) | undefined;
  /** Where a row opens. Enter, the number's link and the middle button go there. */
  hrefOf?: ((row: Row) => string) | undefined;
  onOpen?: ((row: Row) => void) | undefined;
  onPeek?: ((row: Row | null) => void) | undefined;
  peeked?: string | undefined;
  layout?: Layout | undefined;
  onLayout?: ((layout: Layout) => void) | undefined;
  /** Rows that have just changed in place, and rows that match no longer. */
  changed?: ReadonlySet<string> | undefined;
  gone?: ReadonlySet<string> | undefined;
  /** px of the body; absent fills the space that the parent gives. */
  height_px?: number | undefined;
  /** False on pages where another table has the keys. */
  hasKeys?: boolean | undefined;
  /** A row as a card, below 768 px. */
  card?: ((row: Row) => ReactNode) | undefined;
  /** Left of 已载入: hints or the sort. */
  foot?: ReactNode;
}

const AHEAD_ROWS = 60;
const HEAD_PX = 36;
const NO_LAYOUT: Layout = {};
const NO_KEYS: ReadonlySet<string> = new Set();
/**
 * A long list: keyset pages fetched ahead, virtual rows, fixed first columns, keyboard and
 * selection. It keeps no state but the focused row; all else belongs to the caller.
 */
export function LedgerTable<Row extends object>(props: LedgerProps<Row>) {
  const { rows, problem, onRetry, card } = props;
  const isNarrow = useNarrow();
  const note = problem && (
    <ProblemNote problem={problem} {...(onRetry ? { onRetry } : {})} />
  );
  if (note && rows.length === 0) return note;
  if (props.isLoading && rows.length === 0) return <Skeleton kind="rows" rows={12} />;
  if (isNarrow && card && rows.length > 0) return <Cards {...props} card={card} />;
  return (
    <>
      {note}
      <Grid {...props} />
    </>
  );
}

function Grid<Row extends object>(props: LedgerProps<Row>) {
  const { rows, columns, keyOf, layout = NO_LAYOUT, selected = NO_KEYS, hasMore, onMore } = props;
  const { onSelect, onSort, onLayout, sort, nameOf } = props;
  const { t } = useTranslation();
  const { density } = useLook();
  const [box, boxHeight] = useHeight();
  const table = useRef<TableRef>(null);
  const id = useId();
  const keys = useMemo(() => rows.map(keyOf), [rows, keyOf]);
  const shown = useMemo(
    () => arrange(columns, layout).filter((column) => isShown(column, layout)),
    [columns, layout],
  );
  const acts = useRowActs({ ...props, keys, shown, table, selected });
  const { at, tick } = acts;
  useEffect(() => {
    if (hasMore && at > rows.length - AHEAD_ROWS) onMore?.();
  }, [at, rows.length, hasMore, onMore]);
  const antdColumns = useMemo(() => {
    const own = shown.map((column) => columnOf({ column, layout, sort, onSort, onLayout }));
    if (!onSelect) return own;
    return [tickColumn({ keys, selected, keyOf, nameOf, tick, onSelect, t }), ...own];
  }, [shown, layout, sort, onSort, onLayout, onSelect, keys, selected, keyOf, nameOf, tick, t]);

  const rowPx = ROW_PX[density];
  const heightPx = props.height_px ?? Math.max(rowPx * 3, boxHeight - HEAD_PX);
  const width = shown.reduce((sum, column) => sum + column.width, onSelect ? TICK_PX : 0);
  const isEmpty = rows.length === 0;
  const grid = {
    role: "grid",
    tabIndex: 0,
    "aria-label": props.caption,
    "aria-rowcount": props.total ?? -1,
    "aria-multiselectable": onSelect !== undefined,
    ...(at >= 0 ? { "aria-activedescendant": `${id}-${at}` } : {}),
  };
  return (
    <div className="ledger" data-waiting={props.isWaiting ?? false} data-density={density}>
      <div ref={box} className="ledger-box" {...(isEmpty ? {} : grid)}>
        {isEmpty ? (
          <div className="ledger-empty">{props.empty ?? t("table.empty")}</div>
        ) : (
          <Table<Row>
            ref={table}
            virtual
            size="small"
            pagination={false}
            rowKey={keyOf}
            dataSource={rows as Row[]}
            columns={antdColumns}
            components={COMPONENTS as unknown as NonNullable<TableProps<Row>["components"]>}
            scroll={{ x: width, y: heightPx }}
            rowClassName={(row, index) => acts.classOf(keyOf(row), index)}
            onRow={(row, index) => acts.propsOf(row, index ?? 0, id)}
            onScroll={(event) => {
              const scrolled = event.currentTarget;
              const below = scrolled.scrollHeight - scrolled.scrollTop - scrolled.clientHeight;
              if (hasMore && below < AHEAD_ROWS * rowPx) onMore?.();
            }}
          />
        )}
      </div>
      <Foot {...props} />
    </div>
  );
}

function Foot<Row extends object>({ rows, total, foot }: LedgerProps<Row>) {
  const { t } = useTranslation();
  const loaded = count(rows.length);
  return (
    <div className="ledger-foot">
      <span>{foot}</span>
      <span>
        {total === undefined
          ? t("table.loadedSome", { loaded })
          : t("table.loaded", { loaded, total: count(total) })}
      </span>
    </div>
  );
}

/** The rows as cards; the next page comes when the last card is near. */
function Cards<Row extends object>(
  props: LedgerProps<Row> & { card: (row: Row) => ReactNode },
) {
  const { rows, keyOf, hasMore, onMore, caption, card } = props;
  const end = useNear(hasMore ? onMore : undefined);
  return (
    <>
      <ul className="ledger-cards" aria-label={caption}>
        {rows.map((row) => (
          <li key={keyOf(row)}>{card(row)}</li>
        ))}
      </ul>
      <div ref={end} />
      <Foot {...props} />
    </>
  );
}
