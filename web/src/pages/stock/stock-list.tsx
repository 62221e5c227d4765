import { ImportOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { SkuRow, SkuStockPage, StockSummary } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, countTile } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Figure } from "@/parts/figure";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { STOCK_KEY, warehousesQuery } from "./stock";
import { WaitingCard } from "./waiting-card";

const LOWS = ["", "below_safety", "out"] as const;
const REFRESH_MS = 30_000;
const hrefOf = (row: SkuRow) => `/stock?${query({ sku: row.sku })}`;
const keyOf = (row: SkuRow) => row.sku;
const nameOf = (row: SkuRow) => `${row.sku} ${row.name}`;

/** The goods with their sums, and above them the answer: what cannot be covered. */
export function StockList() {
  const { t } = useTranslation(["stock", "common"]);
  const { asked, ask } = useAsked();
  const mayImport = useMay("stock.write");
  const [q, low, warehouse] = [asked("q"), asked("low"), asked("warehouse")];
  const summary = useQuery({
    queryKey: [...STOCK_KEY, "summary"],
    queryFn: ({ signal }) => askHub<StockSummary>("/v1/stock/summary", { signal }),
    refetchInterval: REFRESH_MS,
  });
  const warehouses = useQuery(warehousesQuery);
  const list = useKeyset<SkuRow, SkuStockPage>({
    queryKey: [...STOCK_KEY, "skus", q, low, warehouse],
    fetch: (cursor, signal) =>
      askHub(`/v1/stock/skus?${query({ q, low, warehouse, cursor, limit: 100 })}`, { signal }),
  });
  const columns = useColumns();
  const totals = summary.data?.totals;
  const missing = summary.data?.waiting.items.filter((item) => item.missing > 0).length;
  return (
    <>
      <PageHead
        fact={
          summary.data &&
          (missing
            ? t("short", { skus: count(missing), orders: count(summary.data.waiting.orders) })
            : t("covered"))
        }
        actions={
          mayImport && (
            <Link to="/imports/new?kind=stock">
              <Button icon={<ImportOutlined />}>{t("import")}</Button>
            </Link>
          )
        }
      />
      <WaitingCard waiting={summary.data?.waiting} problem={summary.error} />
      <div className="figures stock-figures">
        <Figure
          label={t("figures.below")}
          tile={countTile(totals?.below_safety, t("rows"))}
          tone={totals?.below_safety ? "risk" : "plain"}
          note={t("figures.belowNote")}
          to="/stock?low=below_safety"
        />
        <Figure
          label={t("figures.out")}
          tile={countTile(totals?.out, t("rows"))}
          tone={totals?.out ? "broken" : "plain"}
          note={t("figures.outNote")}
          to="/stock?low=out"
        />
        <Figure
          label={t("figures.onHand")}
          tile={countTile(totals?.on_hand, t("units"))}
          note={t("figures.reserved", { n: count(totals?.reserved) })}
        />
        <Figure
          label={t("figures.rows")}
          tile={countTile(totals?.rows, t("rows"))}
          note={t(totals?.exact === false ? "figures.about" : "figures.rowsNote")}
        />
      </div>
      <div className="stock-bar">
        <Segmented
          aria-label={t("lowLabel")}
          value={low}
          options={LOWS.map((one) => ({ value: one, label: t(`low.${one || "all"}`) }))}
          onChange={(value) => ask({ low: value })}
        />
        <Input.Search
          allowClear
          defaultValue={q}
          placeholder={t("search")}
          aria-label={t("search")}
          onSearch={(value) => ask({ q: value.trim() })}
        />
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          value={warehouse || null}
          placeholder={t("anyWarehouse")}
          aria-label={t("columns.warehouse")}
          options={warehouses.data?.items.map((one) => ({
            value: one.code,
            label: `${one.code} ${one.name}`,
          }))}
          onChange={(value) => ask({ warehouse: value ?? "" })}
        />
      </div>
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={nameOf}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={
          q || low || warehouse ? (
            <>
              {t("emptyFiltered")}{" "}
              <Button type="link" onClick={() => ask({ q: "", low: "", warehouse: "" })}>
                {t("clear")}
              </Button>
            </>
          ) : (
            <>
              {t("empty")} <Link to="/imports/new?kind=skus">{t("importGoods")}</Link>
            </>
          )
        }
        card={(row) => (
          <Link to={hrefOf(row)} className="stock-card">
            <b>{row.sku}</b> {row.name}
            <span className="note">
              {t("columns.atp")} {count(row.atp)} · {t("columns.on_hand")} {count(row.on_hand)}
            </span>
          </Link>
        )}
      />
    </>
  );
}

function useColumns(): Column<SkuRow>[] {
  const { t } = useTranslation(["stock", "common"]);
  return useMemo(() => {
    const figure = (key: keyof SkuRow, width: number, more = {}): Column<SkuRow> => ({
      key,
      title: t(`columns.${key}`),
      width,
      align: "right",
      text: (row) => count(Number(row[key])),
      render: (row) => count(Number(row[key])),
      ...more,
    });
    const alarming = (key: "low" | "out" | "waiting", tone: string): Column<SkuRow> =>
      figure(key, 88, {
        render: (row: SkuRow) =>
          row[key] > 0 ? <b data-tone={tone} className="stock-alarm">{count(row[key])}</b> : "—",
      });
    return [
      {
        key: "sku",
        title: t("columns.sku"),
        width: 150,
        fixed: true,
        text: (row) => row.sku,
        render: (row) => (
          <Link to={hrefOf(row)} className="mono" tabIndex={-1}>
            {row.sku}
          </Link>
        ),
      },
      {
        key: "name",
        title: t("columns.name"),
        width: 240,
        text: (row) => row.name,
        render: (row) => row.name,
      },
      {
        key: "storage",
        title: t("columns.storage"),
        width: 72,
        text: (row) => t(`storage.${row.storage}`),
        render: (row) => t(`storage.${row.storage}`),
      },
      figure("atp", 96),
      figure("on_hand", 96),
      figure("reserved", 88),
      figure("safety", 88),
      figure("in_transit", 88),
      alarming("waiting", "broken"),
      alarming("low", "risk"),
      alarming("out", "broken"),
      figure("places", 72),
      {
        key: "barcode",
        title: t("columns.barcode"),
        width: 140,
        isExtra: true,
        text: (row) => row.barcode,
        render: (row) => row.barcode || "—",
      },
    ];
  }, [t]);
}
