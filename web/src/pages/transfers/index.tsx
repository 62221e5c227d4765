import { Button, Segmented, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { TransferPage, TransferView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { warehousesQuery } from "@/pages/stock/stock";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { PlanForm } from "./plan-form";
import { STATES, toneOf, TRANSFERS_KEY, useGoods, useStateWords } from "./words";
import "./transfers.css";

const PAGE_ROWS = 50;
const keyOf = (one: TransferView) => one.id;
const hrefOf = (one: TransferView) => `/transfers/${one.id}`;

/** 调拨单: stock on its way between warehouses, the newest first. */
export default function Transfers() {
  const { t } = useTranslation("transfers");
  const { asked, ask: put } = useAsked();
  const mayPlan = useMay("transfer.write");
  const [isPlanning, plan] = useState(false);
  const only = asked("only");
  const warehouse = asked("warehouse");
  const warehouses = useQuery(warehousesQuery);
  const list = useKeyset<TransferView, TransferPage>({
    queryKey: [...TRANSFERS_KEY, "list", only, warehouse],
    fetch: (cursor, signal) =>
      ask(`/v1/transfers?${query({ only, warehouse, cursor, limit: PAGE_ROWS })}`, { signal }),
    limit: PAGE_ROWS,
  });
  const columns = useColumns();
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          mayPlan && (
            <Button type="primary" onClick={() => plan(true)}>
              {t("plan.open")}
            </Button>
          )
        }
      />
      <div className="transfers-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={only}
          options={[
            { value: "", label: t("all") },
            ...STATES.map((one) => ({ value: one as string, label: t(`states.${one}`) })),
          ]}
          onChange={(value) => put({ only: value })}
        />
        <Select
          allowClear
          showSearch
          aria-label={t("warehouse")}
          placeholder={t("anyWarehouse")}
          value={warehouse || null}
          options={(warehouses.data?.items ?? []).map((one) => ({
            value: one.code,
            label: `${one.code} ${one.name}`,
          }))}
          onChange={(value: string | null) => put({ warehouse: value ?? "" })}
        />
      </div>
      <LedgerTable<TransferView>
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(row) => row.number}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        search={list.search}
        unit={t("unit")}
        empty={t("empty")}
        card={(row) => <TransferCard row={row} />}
      />
      {isPlanning && <PlanForm onClose={() => plan(false)} />}
    </>
  );
}

function TransferCard({ row }: { row: TransferView }) {
  const { t } = useTranslation("transfers");
  const state = useStateWords();
  const goods = useGoods();
  return (
    <Link to={hrefOf(row)} className="transfers-card">
      <b className="mono">{row.number}</b>
      <ToneTag tone={toneOf(row)}>{state(row)}</ToneTag>
      <span>{t("way", { from: row.from_warehouse, to: row.to_warehouse })}</span>
      <span className="muted">
        {goods(row)} · {t("units", { n: count(row.units) })}
      </span>
    </Link>
  );
}

function useColumns(): Column<TransferView>[] {
  const { t } = useTranslation("transfers");
  const state = useStateWords();
  const goods = useGoods();
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: TransferView) => string,
    ): Column<TransferView> => ({ key, title: t(`columns.${key}`), width, text, render: text });
    return [
      {
        ...plain("number", 160, (row) => row.number),
        fixed: true,
        render: (row) => (
          <Link to={hrefOf(row)} tabIndex={-1} className="mono">
            {row.number}
          </Link>
        ),
      },
      {
        ...plain("state", 150, state),
        render: (row) => <ToneTag tone={toneOf(row)}>{state(row)}</ToneTag>,
      },
      plain("from", 100, (row) => row.from_warehouse),
      plain("to", 100, (row) => row.to_warehouse),
      plain("goods", 240, goods),
      { ...plain("units", 90, (row) => count(row.units)), align: "right" },
      plain("truck", 100, (row) => row.truck || "—"),
      { ...plain("cost", 110, (row) => money(row.cost_fen)), align: "right" },
      plain("planned", 140, (row) => dated(row.planned)),
      plain("arrives", 140, (row) => (row.arrives ? dated(row.arrives) : "—")),
      plain("by", 140, (row) => row.planned_by),
    ];
  }, [t, state, goods]);
}
