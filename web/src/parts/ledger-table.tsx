import { type CSSProperties, type ReactNode, useEffect, useId, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { count } from "@/format/numbers";
import type { Problem } from "@/problem";
import { ROW_PX, useLook } from "@/theme/look";
import { Handle, Heading, KeyHints, Tick } from "./ledger-cells";
import {
  arrange,
  type Column,
  isShown,
  type Layout,
  putBefore,
  type Sort,
  widen,
} from "./ledger-columns";
import { fixedAt, Line, type Places } from "./ledger-line";
import { useRowActs } from "./ledger-rows";
import { ProblemNote } from "./problem-note";
import { Searching } from "./searching";
import { Skeleton } from "./skeleton";
import { useHeight, useNarrow, useNear } from "./use-size";
import type { Search } from "./use-keyset";
import { useWindow } from "./use-window";

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
  /** The list is looking for more rows of its last page. */
  search?: Search | null | undefined;
  /** What the rows are counted in: 单. */
  unit?: string | undefined;
  sort?: Sort | undefined;
  onSort?: ((sort: Sort) => void) | undefined;
  selected?: ReadonlySet<string> | undefined;
  onSelect?: ((keys: ReadonlySet<string>) => void) | undefined;
  /** Where a row opens. Enter, the number's link and the middle button go there. */
  hrefOf?: ((row: Row) => string) | undefined;
  onOpen?: ((row: Row) => void) | undefined;
  onPeek?: ((row: Row | null) => void) | undefined;
  /** The row that the person is at: keys of the page may speak of it. */
  onAt?: ((row: Row) => void) | undefined;
  peeked?: string | undefined;
  layout?: Layout | undefined;
  onLayout?: ((layout: Layout) => void) | undefined;
  /** Rows that have just changed in place, and rows that match no longer. */
  changed?: ReadonlySet<string> | undefined;
  gone?: ReadonlySet<string> | undefined;
  /** px of the table; absent fills the space that the parent gives. */
  height_px?: number | undefined;
  /** False on pages where another table has the keys. */
  hasKeys?: boolean | undefined;
  /** A row as a card, below 768 px. */
  card?: ((row: Row) => ReactNode) | undefined;
  /** At the left below, instead of the hints for the keys. */
  foot?: ReactNode;
}

const AHEAD_ROWS = 60;
const HEAD_PX = 36;
const TICK_PX = 40;
const NO_LAYOUT: Layout = {};
const NO_KEYS: ReadonlySet<string> = new Set();
/**
 * A long list: keyset pages fetched ahead, virtual rows, fixed first columns, keyboard and
 * selection. It keeps no state but the focused row; all else belongs to the caller.
 */
export function LedgerTable<Row extends object>(props: LedgerProps<Row>) {
  const { rows, problem, onRetry, card } = props;
  const { t } = useTranslation();
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
      {rows.length > 0 ? (
        <Grid {...props} />
      ) : (
        <div className="ledger-box ledger-empty">
          {props.search ? (
            <Searching search={props.search} unit={props.unit} />
          ) : (
            (props.empty ?? t("table.empty"))
          )}
        </div>
      )}
    </>
  );
}

function Grid<Row extends object>(props: LedgerProps<Row>) {
  const { rows, columns, keyOf, layout = NO_LAYOUT, selected = NO_KEYS, hasMore, onMore } = props;
  const rowPx = ROW_PX[useLook().density];
  const box = useRef<HTMLDivElement>(null);
  const height = useHeight(box);
  const id = useId();
  const keys = useMemo(() => rows.map(keyOf), [rows, keyOf]);
  const hasTick = props.onSelect !== undefined;
  const shown = useMemo(
    () => arrange(columns, layout).filter((column) => isShown(column, layout)),
    [columns, layout],
  );
  const places = useMemo(() => placesOf(shown, hasTick), [shown, hasTick]);
  const view = useWindow(box, rows.length, rowPx, HEAD_PX, height);
  const acts = useRowActs({ ...props, keys, shown, selected, show: view.show });
  const end = Math.max(view.to, acts.at);
  useEffect(() => {
    if (hasMore && end > rows.length - AHEAD_ROWS) onMore?.();
  }, [end, rows.length, hasMore, onMore]);
  const { changed, gone, peeked, nameOf } = props;
  useShown(peeked, keys, view.show);
  const at = acts.at >= view.from && acts.at < view.to ? acts.at : -1;
  const style = {
    "--columns": templateOf(shown, hasTick),
    "--row": `${rowPx}px`,
    ...(props.height_px ? { height: props.height_px, flex: "none" } : {}),
  } as CSSProperties;
  return (
    <div className="ledger" data-waiting={props.isWaiting ?? false}>
      <div
        ref={box}
        className="ledger-box"
        role="grid"
        tabIndex={0}
        style={style}
        onScroll={view.onScroll}
        aria-label={props.caption}
        aria-rowcount={props.total === undefined ? -1 : props.total + 1}
        aria-multiselectable={hasTick}
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      >
        <Head {...props} shown={shown} places={places} keys={keys} />
        <div role="rowgroup" className="ledger-body" style={{ height: rows.length * rowPx }}>
          {rows.slice(view.from, view.to).map((row, offset) => {
            const index = view.from + offset;
            const key = keys[index] ?? "";
            return (
              <Line<Row>
                key={key}
                id={`${id}-${index}`}
                row={row}
                name={nameOf(row)}
                index={index}
                top_px={index * rowPx}
                columns={shown}
                places={places}
                hasTick={hasTick}
                isAt={index === acts.at}
                isOn={selected.has(key)}
                isPeeked={key === peeked}
                isChanged={changed?.has(key) ?? false}
                isGone={gone?.has(key) ?? false}
                onTick={acts.onTick}
                onClick={acts.onClick}
                onAuxClick={acts.onAuxClick}
              />
            );
          })}
        </div>
      </div>
      <Foot {...props} />
    </div>
  );
}

/** Scroll to the row whose details are open, once: a link may name one far below the first. */
function useShown(
  peeked: string | undefined,
  keys: readonly string[],
  show: (index: number) => void,
) {
  const done = useRef<string>(undefined);
  useEffect(() => {
    const index = peeked && peeked !== done.current ? keys.indexOf(peeked) : -1;
    if (index < 0) return;
    done.current = peeked;
    show(index);
  }, [peeked, keys, show]);
}

interface HeadProps<Row extends object> extends LedgerProps<Row> {
  shown: readonly Column<Row>[];
  places: Places;
  keys: readonly string[];
}

function Head<Row extends object>(props: HeadProps<Row>) {
  const { shown, places, keys, sort, onSort, onSelect, onLayout } = props;
  const { layout = NO_LAYOUT, selected = NO_KEYS } = props;
  const { t } = useTranslation();
  const isAll = keys.length > 0 && keys.every((key) => selected.has(key));
  return (
    <div role="rowgroup" className="ledger-head">
      <div role="row" aria-rowindex={1} className="ledger-row">
        {onSelect && (
          <div role="columnheader" className="ledger-cell ledger-tick" data-fixed style={{ left: 0 }}>
            <Tick
              label={t("table.selectAll")}
              isOn={isAll}
              isPart={selected.size > 0 && !isAll}
              onClick={() => onSelect(isAll ? new Set() : new Set(keys))}
            />
          </div>
        )}
        {shown.map((column) => (
          <div
            key={column.key}
            role="columnheader"
            className="ledger-cell"
            data-align={column.align}
            data-fixed={column.fixed}
            style={fixedAt(places.get(column.key))}
            aria-sort={
              sort?.key === column.key ? (sort.descending ? "descending" : "ascending") : undefined
            }
          >
            <Heading
              {...(onLayout && !column.fixed
                ? {
                    onMove: (key: string) =>
                      onLayout(putBefore(props.columns, layout, key, column.key)),
                  }
                : {})}
              title={column.title}
              name={column.key}
              isSortable={column.sortable ?? false}
              sort={sort}
              onSort={onSort}
            />
            {onLayout && (
              <Handle
                width_px={column.width}
                onWiden={(px) => onLayout(widen(layout, column.key, px))}
              />
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The share of its width that a column keeps in a narrow window. */
const GIVES_WAY = 0.75;

/** The last column takes what is left; what is fixed stands, the others give way. */
function templateOf<Row>(shown: readonly Column<Row>[], hasTick: boolean): string {
  const widths = shown.map((column, at) => {
    const least = column.fixed ? column.width : (column.least ?? column.width * GIVES_WAY);
    const most = at === shown.length - 1 ? "1fr" : `${column.width}px`;
    return `minmax(${least}px, ${most})`;
  });
  return [...(hasTick ? [`${TICK_PX}px`] : []), ...widths].join(" ");
}

function placesOf<Row>(shown: readonly Column<Row>[], hasTick: boolean): Places {
  const places = new Map<string, number>();
  let left = hasTick ? TICK_PX : 0;
  for (const column of shown) {
    if (!column.fixed) break;
    places.set(column.key, left);
    left += column.width;
  }
  return places;
}

function Foot<Row extends object>(props: LedgerProps<Row>) {
  const { rows, total, sort, columns } = props;
  const { t } = useTranslation();
  const loaded = count(rows.length);
  const sorted = columns.find((column) => column.key === sort?.key);
  const direction = t(sort?.descending ? "table.descend" : "table.ascend");
  return (
    <div className="ledger-foot">
      {props.foot ?? (props.hasKeys === false ? <span /> : <Hints {...props} />)}
      {props.search && <Searching search={props.search} unit={props.unit} />}
      <span>
        {sorted && `${t("table.sorted", { column: sorted.title, direction })} · `}
        {total === undefined
          ? t("table.loadedSome", { loaded })
          : t("table.loaded", { loaded, total: count(total) })}
      </span>
    </div>
  );
}

function Hints<Row extends object>({ onSelect, onPeek, onOpen, hrefOf }: LedgerProps<Row>) {
  const { t } = useTranslation();
  return (
    <KeyHints
      hints={[
        ["j k", t("hints.move")],
        ...(onSelect ? [["x", t("hints.select")] as const] : []),
        ...(onOpen || hrefOf ? [["Enter", t("hints.open")] as const] : []),
        ...(onPeek ? [["Space", t("hints.peek")] as const] : []),
      ]}
    />
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
