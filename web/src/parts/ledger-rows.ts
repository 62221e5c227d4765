import { App, type TableRef } from "antd";
import {
  type HTMLAttributes,
  type MouseEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { isField } from "@/keys/keys";
import { useKeys } from "@/keys/use-keys";
import { asTsv, between, type Column } from "./ledger-columns";
import type { LedgerProps } from "./ledger-table";

interface Args<Row extends object> extends LedgerProps<Row> {
  keys: readonly string[];
  shown: readonly Column<Row>[];
  table: RefObject<TableRef | null>;
  selected: ReadonlySet<string>;
}

interface RowActs<Row> {
  /** Index of the focused row, -1 before there is one. */
  at: number;
  tick: (key: string, withShift: boolean) => void;
  classOf: (key: string, index: number) => string;
  propsOf: (row: Row, index: number, id: string) => HTMLAttributes<HTMLElement>;
}

/** What keyboard and pointer do with the rows of a LedgerTable. */
export function useRowActs<Row extends object>(args: Args<Row>): RowActs<Row> {
  const { rows, keys, shown, table, selected, onSelect, onPeek, peeked, keyOf } = args;
  const { t } = useTranslation();
  const go = useNavigate();
  const [at, point] = useState(-1);
  const from = useRef<string | null>(null);

  const tick = useCallback(
    (key: string, withShift: boolean) => {
      if (!onSelect) return;
      const next = new Set(selected);
      const range = withShift && from.current ? between(keys, from.current, key) : [key];
      const isOn = withShift || !selected.has(key);
      for (const one of range) {
        if (isOn) next.add(one);
        else next.delete(one);
      }
      from.current = key;
      onSelect(next);
    },
    [keys, selected, onSelect],
  );
  const open = (row: Row) => {
    if (args.onOpen) args.onOpen(row);
    else if (args.hrefOf) void go(args.hrefOf(row));
  };
  const step = (by: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, at + by));
    const row = rows[next];
    if (!row) return;
    point(next);
    table.current?.scrollTo({ index: next });
    // The open drawer follows the rows.
    if (peeked !== undefined) onPeek?.(row);
  };
  const atRow = (act: (row: Row) => void) => () => {
    const row = rows[at];
    if (row) act(row);
  };
  useCopy(() => {
    const chosen = rows.filter((row) => selected.has(keyOf(row)));
    return chosen.length === 0 ? null : [asTsv(shown, chosen), chosen.length];
  }, args.hasKeys ?? true);
  const leave = () => {
    if (peeked !== undefined) onPeek?.(null);
    else if (selected.size > 0) onSelect?.(new Set());
  };
  const isOn = args.hasKeys ?? true;
  useKeys(
    [
      { keys: "j", label: t("keys.next"), run: () => step(1) },
      { keys: "k", label: t("keys.previous"), run: () => step(-1) },
      { keys: "ArrowDown", label: t("keys.next"), run: () => step(1) },
      { keys: "ArrowUp", label: t("keys.previous"), run: () => step(-1) },
      { keys: "Enter", label: t("keys.open"), run: atRow(open) },
    ],
    isOn,
  );
  useKeys(
    [{ keys: "Space", label: t("keys.peek"), run: atRow((row) => onPeek?.(row)) }],
    isOn && onPeek !== undefined,
  );
  useKeys(
    [
      { keys: "x", label: t("keys.select"), run: atRow((row) => tick(keyOf(row), false)) },
      { keys: "shift+x", label: t("keys.range"), run: atRow((row) => tick(keyOf(row), true)) },
      { keys: "ctrl+a", label: t("keys.all"), run: () => onSelect?.(new Set(keys)) },
    ],
    isOn && onSelect !== undefined,
  );
  useKeys(
    [{ keys: "Escape", label: t("keys.close"), run: leave }],
    isOn && (peeked !== undefined || selected.size > 0),
  );

  const { changed, gone } = args;
  return {
    at,
    tick,
    classOf: (key, index) =>
      [
        index === at && "row-at",
        selected.has(key) && "row-on",
        key === peeked && "row-peeked",
        changed?.has(key) && "row-changed",
        gone?.has(key) && "row-gone",
      ]
        .filter(Boolean)
        .join(" "),
    propsOf: (row, index, id) => ({
      id: `${id}-${index}`,
      "aria-rowindex": index + 1,
      "aria-selected": selected.has(keyOf(row)),
      onClick: (event: MouseEvent) => {
        point(index);
        const target = event.target as HTMLElement;
        if (target.closest("a, button, input, label")) return;
        if (onPeek) onPeek(row);
        else if (args.onOpen) open(row);
      },
      onAuxClick: (event: MouseEvent) => {
        if (event.button !== 1 || !args.hrefOf) return;
        if ((event.target as HTMLElement).closest("a")) return;
        window.open(args.hrefOf(row), "_blank", "noopener");
      },
    }),
  };
}

/** Ctrl-C copies the selected rows, unless words are marked or a field has focus. */
function useCopy(make: () => [text: string, rows: number] | null, isOn: boolean): void {
  const { message } = App.useApp();
  const { t } = useTranslation();
  const latest = useRef(make);
  useEffect(() => {
    latest.current = make;
  });
  useEffect(() => {
    if (!isOn) return undefined;
    const copy = (event: ClipboardEvent) => {
      if (isField(event.target) || window.getSelection()?.toString()) return;
      const made = latest.current();
      if (!made) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", made[0]);
      void message.success(t("table.copied", { count: made[1] }));
    };
    document.addEventListener("copy", copy);
    return () => document.removeEventListener("copy", copy);
  }, [isOn, message, t]);
}
