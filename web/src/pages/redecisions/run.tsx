import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Redecision, RedecisionOrder, RedecisionOrderPage } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ProblemNote } from "@/parts/problem-note";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { REDECISIONS_KEY, useClosed } from "./words";

const OUTCOMES = ["", "moved", "stays", "pinned", "held", "begun"] as const;
const keyOf = (row: RedecisionOrder) => row.order;
const nameOf = (row: RedecisionOrder) => row.number;
const hrefOf = (row: RedecisionOrder) => `/orders/${row.order}`;

/** One run of 信号改派: its orders by what became of them. */
export default function RedecisionRun() {
  const { t } = useTranslation("redecisions");
  const { no = "" } = useParams();
  const words = useClosed();
  const [outcome, setOutcome] = useState<string>("");
  const found = useQuery({
    queryKey: [...REDECISIONS_KEY, no],
    queryFn: ({ signal }) => ask<Redecision>(`/v1/redecisions/${no}`, { signal }),
  });
  const list = useKeyset<RedecisionOrder, RedecisionOrderPage>({
    queryKey: [...REDECISIONS_KEY, no, outcome],
    fetch: (cursor, signal) =>
      ask(`/v1/redecisions/${no}/orders?${query({ outcome, cursor, limit: 50 })}`, { signal }),
  });
  const columns = useColumns();
  if (found.error) {
    return (
      <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
    );
  }
  const orders = found.data?.orders;
  return (
    <>
      <PageHead fact={found.data ? words.cause(found.data) : ""} />
      <Segmented
        aria-label={t("columns.outcome")}
        value={outcome}
        onChange={setOutcome}
        options={OUTCOMES.map((value) => ({
          value,
          label: value
            ? `${t(`outcomes.${value}`)} ${orders ? count(orders[value]) : ""}`
            : t("outcomes.all"),
        }))}
      />
      <LedgerTable<RedecisionOrder>
        caption={t("orders")}
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
        empty={t("noOrders")}
        card={(row) => (
          <Link to={hrefOf(row)} className="redecisions-card">
            <b>{row.number}</b>
            <span>{t(`outcomes.${row.outcome}`)}</span>
            <span className="muted">{row.warehouses.join(" ")}</span>
          </Link>
        )}
      />
    </>
  );
}

function useColumns(): Column<RedecisionOrder>[] {
  const { t } = useTranslation("redecisions");
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: RedecisionOrder) => string,
    ): Column<RedecisionOrder> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      {
        ...plain("number", 220, (row) => row.number),
        fixed: true,
        render: (row) => (
          <Link to={hrefOf(row)} tabIndex={-1}>
            {row.number}
          </Link>
        ),
      },
      plain("outcome", 160, (row) => t(`outcomes.${row.outcome}`)),
      plain("warehouses", 200, (row) => row.warehouses.join(" ")),
    ];
  }, [t]);
}
