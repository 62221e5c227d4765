import {
  BranchesOutlined,
  CheckOutlined,
  CloseOutlined,
  ExportOutlined,
  PauseOutlined,
  TagOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { ask } from "@/client";
import { count, duration } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { useLive, useNow } from "@/live/use-live";
import { BulkBar } from "@/parts/bulk-bar";
import { ColumnPicker } from "@/parts/column-picker";
import { FilterChips } from "@/parts/filter-chips";
import { type Filter, readFilters, writeFilters } from "@/parts/filters";
import { type Layout, type Sort, isShown } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { NewsPill } from "@/parts/news-pill";
import { Peek } from "@/parts/peek";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { type Act, BulkDialog, type Which } from "./bulk-dialog";
import { useColumns } from "./columns";
import { ExportDialog } from "./export-dialog";
import { useFields } from "./fields";
import { OrderCard } from "./order-card";
import { OrderPeek } from "./order-peek";
import type { OrderPage, OrderRow, Total, Words } from "./order-row";
import { columnsOf, layoutOf, type View, ViewTabs } from "./views";

interface Props {
  views: readonly View[];
  view: View;
  words: Words | undefined;
  onPick: (view: View) => void;
}

interface News {
  placed: number;
  changed: readonly string[];
}

const SORTS: Readonly<Record<string, Sort>> = {
  due: { key: "due", descending: false },
  "-placed": { key: "placed", descending: true },
  "-amount": { key: "total", descending: true },
  amount: { key: "total", descending: false },
};
const PAGE = "100";

function sortName(sort: Sort): string {
  if (sort.key === "total") return sort.descending ? "-amount" : "amount";
  return sort.key === "placed" ? "-placed" : "due";
}

/** One view of the orders: filters, table, keys, bulk acts. */
export function Workbench({ views, view, words, onPick }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const go = useNavigate();
  const [params, setParams] = useSearchParams();
  const f = params.get("f") ?? view.f;
  const sort = params.get("s") ?? view.sort;
  const peek = params.get("peek") ?? "";
  const [layout, setLayout] = useState<Layout>(() => layoutOf(view.columns));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isAll, setAll] = useState(false);
  const [act, setAct] = useState<Act>();
  const [isExporting, setExporting] = useState(false);
  const [news, setNews] = useState(0);
  const now = useNow();
  const mayAct = useMay("order.act");
  const mayExport = useMay("export.make");
  const columns = useColumns(words, now);
  const fields = useFields(words);
  const filters = useMemo(() => readFilters(f), [f]);

  const list = useKeyset<OrderRow, OrderPage>({
    queryKey: ["workbench", f, sort],
    fetch: (cursor, signal) =>
      ask<OrderPage>(
        `/v1/workbench/orders?${new URLSearchParams({ f, sort, limit: PAGE, cursor })}`,
        { signal },
      ),
  });
  const total = useQuery({
    queryKey: ["workbench", "count", f],
    queryFn: () => ask<Total>(`/v1/workbench/count?${new URLSearchParams({ f })}`),
  });
  useLive<News>("orders", ({ placed }) => setNews((old) => old + placed));

  const set = useCallback(
    (changes: Record<string, string | null>, replace = false) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          next.set("view", view.id);
          for (const [name, value] of Object.entries(changes)) {
            if (value === null) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace },
      ),
    [setParams, view.id],
  );
  const clear = useCallback(() => {
    setSelected(new Set());
    setAll(false);
  }, []);

  function reload() {
    setNews(0);
    void queries.invalidateQueries({ queryKey: ["workbench"] });
  }

  function begin(next: Act) {
    if (selected.size > 0 || isAll) setAct(next);
  }

  const shown = { f, sort, columns: columnsOf(columns, layout) };
  const isChanged = f !== view.f || sort !== view.sort || differs(shown.columns, view.columns);
  const which: Which = isAll ? { f } : { ids: [...selected] };
  const number = isAll ? count(total.data?.count) : count(selected.size);
  useKeys(
    [
      { keys: "h", label: t("acts.hold"), run: () => begin("hold") },
      { keys: "u", label: t("acts.unhold"), run: () => begin("unhold") },
      { keys: "t", label: t("acts.tag"), run: () => begin("tag") },
      { keys: "m", label: t("acts.assign"), run: () => begin("assign") },
      { keys: ".", label: t("nextView"), run: () => onPick(nextOf(views, view)) },
      {
        keys: "escape",
        label: t("common:bulk.clear"),
        run: () => (peek ? set({ peek: null }, true) : clear()),
      },
    ],
    act === undefined && !isExporting,
  );

  const peeked = list.rows.find((row) => row.order === peek);
  return (
    <>
      <PageHead
        state={<NewsPill news={news} unit={t("unit")} onLoad={reload} />}
        actions={
          mayExport && (
            <Button
              icon={<ExportOutlined />}
              onClick={() => {
                setExporting(true);
              }}
            >
              {t("export")}
            </Button>
          )
        }
      />
      <ViewTabs
        views={views}
        view={view}
        shown={shown}
        isChanged={isChanged}
        onPick={(next) => {
          setLayout(layoutOf(next.columns));
          clear();
          onPick(next);
        }}
      />
      <FilterChips
        fields={fields}
        filters={filters}
        onChange={(next: readonly Filter[]) => {
          clear();
          set({ f: writeFilters(next) });
        }}
        right={
          <>
            <span className="note" role="status">
              {total.data &&
                t("total", {
                  number: `${total.data.exact ? "" : t("about")}${count(total.data.count)}`,
                  took: duration(list.first?.took_ms ?? 0),
                })}
            </span>
            <ColumnPicker columns={columns} layout={layout} onLayout={setLayout} />
          </>
        }
      />
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={(row) => row.order}
        nameOf={(row) => row.number}
        total={total.data?.count}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        sort={SORTS[sort]}
        onSort={(next) => set({ s: sortName(next) })}
        selected={selected}
        onSelect={(keys) => {
          setAll(false);
          setSelected(keys);
        }}
        hrefOf={(row) => `/orders/${row.order}`}
        onOpen={(row) => void go(`/orders/${row.order}`)}
        onPeek={(row) => set({ peek: row?.order ?? null }, true)}
        peeked={peek}
        layout={layout}
        onLayout={setLayout}
        empty={
          filters.length > 0 ? (
            <>
              {t("emptyFiltered")}{" "}
              <Button type="link" onClick={() => set({ f: "" })}>
                {t("dropFilters")}
              </Button>
            </>
          ) : (
            t("empty")
          )
        }
        card={(row) => <OrderCard row={row} now={now} />}
      />
      {mayAct && (
        <BulkBar
          count={selected.size}
          total={total.data?.count}
          unit={t("unit")}
          isAll={isAll}
          onAll={() => setAll(true)}
          onClear={clear}
          acts={[
            { key: "hold", label: t("acts.hold"), icon: <PauseOutlined />, run: () => setAct("hold") },
            { key: "unhold", label: t("acts.unhold"), icon: <CheckOutlined />, run: () => setAct("unhold") },
            {
              key: "reroute",
              label: t("acts.reroute"),
              icon: <BranchesOutlined />,
              run: () => setAct("reroute"),
            },
            { key: "tag", label: t("acts.tag"), icon: <TagOutlined />, run: () => setAct("tag") },
            { key: "assign", label: t("acts.assign"), icon: <UserOutlined />, run: () => setAct("assign") },
            { key: "cancel", label: t("acts.cancel"), icon: <CloseOutlined />, run: () => setAct("cancel") },
          ]}
        />
      )}
      <Peek
        title={peeked?.number ?? ""}
        isOpen={peeked !== undefined}
        onClose={() => set({ peek: null }, true)}
        to={peeked ? `/orders/${peeked.order}` : undefined}
      >
        {peeked && <OrderPeek row={peeked} />}
      </Peek>
      {act && (
        <BulkDialog
          act={act}
          which={which}
          words={words}
          onClose={() => setAct(undefined)}
          onBegun={() => {
            setAct(undefined);
            clear();
          }}
        />
      )}
      {isExporting && (
        <ExportDialog
          which={selected.size > 0 && !isAll ? which : { f }}
          columns={columns.filter((one) => isShown(one, layout)).map((one) => one.key)}
          number={selected.size > 0 && !isAll ? number : count(total.data?.count)}
          onClose={() => setExporting(false)}
        />
      )}
    </>
  );
}

function nextOf(views: readonly View[], view: View): View {
  const at = views.findIndex((one) => one.id === view.id);
  return views[(at + 1) % views.length] ?? view;
}

function differs(a: View["columns"], b: View["columns"]): boolean {
  const written = (columns: View["columns"]) =>
    columns.map(({ name, width, visible }) => `${name} ${width} ${visible}`).join();
  return written(a) !== written(b);
}
