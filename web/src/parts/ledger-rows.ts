import { App } from "antd";
import {
  type MouseEvent,
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
  selected: ReadonlySet<string>;
  /** Scroll until a row is seen. */
  show: (index: number) => void;
}

interface RowActs {
  /** Index of the focused row, -1 before there is one. */
  at: number;
  onTick: (index: number, withShift: boolean) => void;
  onClick: (index: number, event: MouseEvent) => void;
  onAuxClick: (index: number, event: MouseEvent) => void;
}

/** What keyboard and pointer do with the rows of a LedgerTable. */
export function useRowActs<Row extends object>(args: Args<Row>): RowActs {
  const { rows, keys, shown, selected, onSelect, onPeek, peeked, keyOf } = args;
  const { t } = useTranslation();
  const go = useNavigate();
  const [at, point] = useState(-1);
  const from = useRef<string | null>(null);
  // Quick keys come faster than the rows are drawn: each begins where the one before it ended.
  const now = useRef({ at, selected });
  useEffect(() => {
    now.current = { at, selected };
  }, [at, selected]);

  const tick = (key: string, withShift: boolean) => {
    if (!onSelect) return;
    const next = new Set(now.current.selected);
    const range = withShift && from.current ? between(keys, from.current, key) : [key];
    const isOn = withShift || !next.has(key);
    for (const one of range) {
      if (isOn) next.add(one);
      else next.delete(one);
    }
    from.current = key;
    now.current.selected = next;
    onSelect(next);
  };
  const open = (row: Row) => {
    if (args.onOpen) args.onOpen(row);
    else if (args.hrefOf) void go(args.hrefOf(row));
  };
  const step = (by: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, now.current.at + by));
    const row = rows[next];
    if (!row) return;
    now.current.at = next;
    point(next);
    args.onAt?.(row);
    args.show(next);
    // The open drawer follows the rows.
    if (peeked !== undefined) onPeek?.(row);
  };
  const atRow = (act: (row: Row) => void) => () => {
    const row = rows[now.current.at];
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

  // The rows hold on to these, so that a click draws only the rows that it changes.
  const latest = useRef({ tick, open, args });
  useEffect(() => {
    latest.current = { tick, open, args };
  });
  const onTick = useCallback((index: number, withShift: boolean) => {
    const key = latest.current.args.keys[index];
    point(index);
    if (key !== undefined) latest.current.tick(key, withShift);
  }, []);
  const onClick = useCallback((index: number, event: MouseEvent) => {
    point(index);
    const { args: given, open: openNow } = latest.current;
    const row = given.rows[index];
    if (row) given.onAt?.(row);
    const isOther = (event.target as HTMLElement).closest("a, button, input, label");
    if (isOther || !row || window.getSelection()?.type === "Range") return;
    if (given.onPeek) given.onPeek(row);
    else if (given.onOpen || given.hrefOf) openNow(row);
  }, []);
  const onAuxClick = useCallback((index: number, event: MouseEvent) => {
    const { args: given } = latest.current;
    const row = given.rows[index];
    if (event.button !== 1 || !row || !given.hrefOf) return;
    if (!(event.target as HTMLElement).closest("a")) {
      window.open(given.hrefOf(row), "_blank", "noopener");
    }
  }, []);
  return { at, onTick, onClick, onAuxClick };
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
