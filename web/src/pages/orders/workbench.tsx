import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SavedView } from "@/api/types.gen";
import { count, duration } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { ColumnPicker } from "@/parts/column-picker";
import { FilterChips } from "@/parts/filter-chips";
import { readFilters, writeFilters } from "@/parts/filters";
import { LedgerTable } from "@/parts/ledger-table";
import { NewsPill } from "@/parts/news-pill";
import { Peek } from "@/parts/peek";
import { useMay } from "@/session";
import { ActsBar, useActs } from "./acts-bar";
import { amountOf, amountsOf } from "./amounts";
import { hrefOf, keyOf, nameOf, useColumns, useRowWords } from "./columns";
import { DensityPicker } from "./density-picker";
import { useFields } from "./fields";
import { HeadActs } from "./head-acts";
import { columnsOf, sortOf, wordOf } from "./layout";
import type { Act, Row, Which } from "./model";
import { Nothing } from "./nothing";
import { OrderCard } from "./order-card";
import { useJobEnd } from "./use-job-end";
import { useRows } from "./use-rows";
import { useShown } from "./use-shown";
import { useWords } from "./use-words";
import { ViewsBar } from "./views-bar";

const BulkDialog = lazy(() => import("./bulk-dialog"));
const ExportDialog = lazy(() => import("./export-dialog"));
const ReaddressDialog = lazy(() => import("./readdress-dialog"));
const ScanDialog = lazy(() => import("./scan-dialog"));
const OrderPeek = lazy(() => import("./order-peek"));

type Asking = { act: Act; which: Which } | "export" | "scan" | null;

interface Props {
  views: readonly SavedView[];
  view: SavedView;
  onOpen: (id: string) => void;
}

/** One view of the orders: tabs, filters, table, keys, bulk acts. */
export function Workbench({ views, view, onOpen }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const words = useWords().data;
  const say = useRowWords(words);
  const columns = useColumns(say);
  const fields = useFields(words);
  const shown = useShown(view, columns);
  const { f, sort, layout } = shown;
  const filters = useMemo(() => readFilters(f), [f]);
  const { list, rows, total, news, load } = useRows(f, sort);
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [isAll, setAll] = useState(false);
  const [at, point] = useState<Row | null>(null);
  const [asking, askFor] = useState<Asking>(null);
  const ended = useJobEnd();
  const mayPick = useMay("order.act");
  const clear = useCallback(() => {
    select(new Set());
    setAll(false);
  }, []);
  const choose = useCallback((keys: ReadonlySet<string>) => {
    setAll(false);
    select(keys);
  }, []);
  const { peek } = shown;
  const peeked = rows.find((row) => row.order === peek);
  const chosen = useMemo(() => rows.filter((row) => selected.has(row.order)), [rows, selected]);
  // Without a selection the keys speak of the row that the person is at.
  const meant = chosen.length > 0 || isAll ? chosen : at ? [at] : [];
  const which: Which = isAll ? { f } : { ids: meant.map((row) => row.order) };
  const acts = useActs(meant, isAll);
  const begin = (act: Act) => {
    if (acts.includes(act)) askFor({ act, which });
  };
  const next = views[(views.indexOf(view) + 1) % views.length] ?? view;
  useKeys(
    [
      { keys: "h", label: t("acts.hold"), run: () => begin("hold") },
      { keys: "u", label: t("acts.unhold"), run: () => begin("unhold") },
      { keys: "t", label: t("acts.tag"), run: () => begin("tag") },
      { keys: "m", label: t("acts.assign"), run: () => begin("assign") },
    ],
    mayPick && asking === null,
  );
  useKeys([{ keys: ".", label: t("nextView"), run: () => onOpen(next.id) }], asking === null);
  const begun = (job: Parameters<typeof ended>[0]) => {
    askFor(null);
    clear();
    ended(job);
  };
  const isFew = selected.size > 0 && !isAll;
  const told = total && `${total.exact ? "" : t("about")}${count(total.count)}`;
  return (
    <>
      <PageHead
        state={<NewsPill news={news.waiting} unit={t("unit")} onLoad={load} />}
        actions={
          <HeadActs
            onScan={() => askFor("scan")}
            onExport={() => askFor("export")}
            onReaddress={() => askFor({ act: "readdress", which: { ids: [] } })}
          />
        }
      />
      <ViewsBar
        views={views}
        view={shown.view}
        shown={shown.kept}
        isChanged={shown.isChanged}
        onOpen={onOpen}
        onRevert={shown.revert}
        onSaved={shown.settle}
        onRenamed={shown.rebase}
      />
      <FilterChips
        fields={fields}
        filters={filters}
        onChange={(next) => {
          clear();
          shown.ask({ f: writeFilters(next) });
        }}
        right={
          <>
            <span className="orders-total" role="status" title={total && amountsOf(total)}>
              {told &&
                t("total", {
                  number: told,
                  amount: amountOf(total, t("about")),
                  took: duration(list.first?.took_ms ?? total.took_ms),
                })}
            </span>
            <DensityPicker density={shown.density} onChange={shown.setDensity} />
            <ColumnPicker columns={columns} layout={layout} onLayout={shown.setLayout} />
          </>
        }
      />
      <LedgerTable<Row>
        caption={t("caption")}
        columns={columns}
        rows={rows}
        keyOf={keyOf}
        nameOf={nameOf}
        total={total?.exact ? total.count : undefined}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        search={list.search}
        unit={t("unit")}
        sort={sortOf(list.first?.sort ?? sort)}
        onSort={(wish) => shown.ask({ s: wordOf(wish) })}
        {...(mayPick ? { selected, onSelect: choose } : {})}
        hrefOf={hrefOf}
        onAt={point}
        onPeek={(row) => shown.setPeek(row?.order ?? "")}
        peeked={peek || undefined}
        layout={layout}
        onLayout={shown.setLayout}
        changed={news.changed}
        gone={news.gone}
        hasKeys={asking === null}
        empty={<Nothing filters={filters} fields={fields} onChange={(next) => shown.ask({ f: next })} />}
        card={(row) => <OrderCard row={row} say={say} />}
      />
      {mayPick && (
        <ActsBar
          count={selected.size}
          total={total?.count}
          isAll={isAll}
          acts={acts}
          onAll={() => setAll(true)}
          onClear={clear}
          onAct={begin}
        />
      )}
      <Peek
        title={peeked && <span className="mono">{peeked.number}</span>}
        isOpen={peeked !== undefined}
        onClose={() => shown.setPeek("")}
        to={peeked && hrefOf(peeked)}
      >
        <Suspense>{peeked && <OrderPeek row={peeked} say={say} />}</Suspense>
      </Peek>
      <Suspense>
        {asking === "scan" && <ScanDialog onClose={() => askFor(null)} />}
        {asking === "export" && (
          <ExportDialog
            which={isFew ? which : { f }}
            shown={columnsOf(columns, layout).flatMap((one) => (one.visible ? [one.name] : []))}
            number={isFew ? count(selected.size) : (told ?? "")}
            onClose={() => askFor(null)}
            onBegun={begun}
          />
        )}
        {asking !== null &&
          typeof asking === "object" &&
          (asking.act === "readdress" ? (
            <ReaddressDialog which={asking.which} onClose={() => askFor(null)} onBegun={begun} />
          ) : (
            <BulkDialog {...asking} onClose={() => askFor(null)} onBegun={begun} />
          ))}
      </Suspense>
    </>
  );
}
