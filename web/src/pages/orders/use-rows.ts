import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Total, WorkbenchNews, WorkbenchPage } from "@/api/types.gen";
import { ask } from "@/client";
import { useLive } from "@/live/use-live";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import type { Row } from "./model";

/** What the live topic tells: orders that were placed and changed since the last message. */
interface OrdersNews {
  placed: number;
  ids: readonly string[];
  changed: readonly string[];
  more: boolean;
}

const PAGE_ROWS = 200;
const ROWS_KEY = ["workbench"] as const;
/** News are looked at together; the list of the hub is a moment behind its log. */
const GATHER_MS = 1_500;
const ASKED_AT_ONCE = 200;
const TINT_MS = 1_200;
const COUNT_MS = 15_000;

/** Ask again for everything that the workbench shows. */
export const renew = () => queries.invalidateQueries({ queryKey: ROWS_KEY });

/** The rows of a filter, page by page and kept alive, and how many there are. */
export function useRows(f: string, sort: string) {
  const list = useKeyset<Row, WorkbenchPage>({
    queryKey: [...ROWS_KEY, "rows", f, sort],
    fetch: (cursor, signal) =>
      ask<WorkbenchPage>(
        `/v1/workbench/orders?${query({ f, sort, cursor, limit: PAGE_ROWS })}`,
        { signal },
      ),
    limit: PAGE_ROWS,
  });
  const total = useQuery({
    queryKey: [...ROWS_KEY, "count", f],
    queryFn: ({ signal }) => ask<Total>(`/v1/workbench/count?${query({ f })}`, { signal }),
    refetchInterval: COUNT_MS,
    placeholderData: (old) => old,
  });
  const news = useNews(f, list.rows);
  const rows = useMemo(
    () => list.rows.map((row) => news.fresh.get(row.order) ?? row),
    [list.rows, news.fresh],
  );
  const load = useCallback(() => {
    news.clear();
    void renew();
  }, [news]);
  return { list, rows, total: total.data, news, load };
}

const NOTHING: ReadonlyMap<string, Row> = new Map();
const NONE: ReadonlySet<string> = new Set();

/** What has happened to a list since it was loaded: rows that changed, left, or wait to come in. */
function useNews(f: string, rows: readonly Row[]) {
  const [fresh, setFresh] = useState(NOTHING);
  const [changed, setChanged] = useState(NONE);
  const [gone, setGone] = useState(NONE);
  const [waiting, setWaiting] = useState(NONE);
  const [uncounted, setUncounted] = useState(0);
  const heard = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const loaded = useRef<ReadonlySet<string>>(NONE);
  useEffect(() => {
    loaded.current = new Set(rows.map((row) => row.order));
  }, [rows]);

  const clear = useCallback(() => {
    heard.current.clear();
    setFresh(NOTHING);
    setChanged(NONE);
    setGone(NONE);
    setWaiting(NONE);
    setUncounted(0);
  }, []);
  useEffect(() => clear, [f, clear]);

  const hasWords = f.includes("q.is.");
  const look = useCallback(async () => {
    timer.current = undefined;
    const mine = [...heard.current].sort(
      (a, b) => Number(loaded.current.has(b)) - Number(loaded.current.has(a)),
    );
    const ids = mine.slice(0, ASKED_AT_ONCE);
    for (const id of ids) heard.current.delete(id);
    if (ids.length === 0) return;
    const told = await ask<WorkbenchNews>(`/v1/workbench/rows?${query({ f, ids: ids.join(",") })}`);
    const meets = new Set(told.matching);
    const here = told.items.filter((row) => loaded.current.has(row.order));
    setFresh((old) => new Map([...old, ...here.map((row) => [row.order, row] as const)]));
    setChanged(new Set(here.map((row) => row.order)));
    setTimeout(() => setChanged(NONE), TINT_MS);
    // What words meet is the index's to say, not a row's.
    if (hasWords) return;
    setGone((old) => {
      const left = here.filter((row) => !meets.has(row.order)).map((row) => row.order);
      return new Set([...[...old].filter((id) => !meets.has(id)), ...left]);
    });
    const coming = told.matching.filter((id) => !loaded.current.has(id));
    setWaiting((old) => new Set([...old, ...coming]));
  }, [f, hasWords]);

  useLive<OrdersNews>("orders", (told) => {
    for (const id of [...told.ids, ...told.changed]) heard.current.add(id);
    // Without a filter every new order belongs here, the ones that were not named too.
    if (!f && told.more) setUncounted((old) => old + Math.max(0, told.placed - told.ids.length));
    timer.current ??= setTimeout(() => void look().catch(() => undefined), GATHER_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(
    () => ({ fresh, changed, gone, waiting: waiting.size + uncounted, clear }),
    [fresh, changed, gone, waiting, uncounted, clear],
  );
}
