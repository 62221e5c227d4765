import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Segmented, Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { BatchAnswer, CaseCounts, CaseItem, CasePage } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, exact, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useCount } from "@/frame/stores";
import { useNow } from "@/live/use-live";
import { BulkBar } from "@/parts/bulk-bar";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { CaseBody } from "./case-body";
import { AFTER_SALES_KEY, KINDS, STATES, toneOf, useWords } from "./words";
import "./after-sales.css";

const PAGE_ROWS = 50;
const keyOf = (item: CaseItem) => item.id;
const hrefOf = (item: CaseItem) => `/after-sales/${item.id}`;

/** 售后: what is asked for, the next to be late first; small sums are agreed to together. */
export default function AfterSales() {
  const { t } = useTranslation(["after-sales", "common"]);
  const { asked, ask: put } = useAsked();
  const mayDecide = useMay("after_sale.decide");
  const now = useNow();
  const kind = asked("kind");
  const state = asked("state") || "open";
  const upto = asked("upto");
  const peek = asked("peek");
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const list = useKeyset<CaseItem, CasePage>({
    queryKey: [...AFTER_SALES_KEY, "list", kind, state, upto],
    fetch: (cursor, signal) =>
      ask(`/v1/after-sales?${query({ kind, state, upto_fen: upto, cursor, limit: PAGE_ROWS })}`, {
        signal,
      }),
    limit: PAGE_ROWS,
  });
  const counts = useQuery({
    queryKey: [...AFTER_SALES_KEY, "counts"],
    queryFn: ({ signal }) => ask<CaseCounts>("/v1/after-sales/counts", { signal }),
  });
  const open = counts.data?.items ?? [];
  const sumOf = (of: (one: (typeof open)[number]) => number) =>
    open.reduce((sum, one) => sum + of(one), 0);
  useCount(
    "/after-sales",
    counts.data && sumOf((one) => one.count),
    sumOf((one) => one.late) > 0,
  );
  const agree = useAgree(() => select(new Set()));
  const columns = useColumns(now);
  const chosen = list.rows.filter((row) => selected.has(row.id) && row.state === "asked");
  const held = list.rows.find((row) => row.id === peek);
  return (
    <>
      <PageHead
        fact={
          counts.data &&
          t("fact", {
            count: sumOf((one) => one.count),
            late: count(sumOf((one) => one.late)),
            amount: sums(open),
          })
        }
      />
      <div className="after-sales-bar">
        <Segmented
          aria-label={t("columns.kind")}
          value={kind}
          options={[
            { value: "", label: t("allKinds") },
            ...KINDS.map((one) => ({ value: one as string, label: t(`kinds.${one}`) })),
          ]}
          onChange={(value) => put({ kind: value, peek: "" })}
        />
        <Select
          aria-label={t("columns.state")}
          value={state}
          options={STATES.map((one) => ({ value: one as string, label: t(`states.${one}`) }))}
          onChange={(value: string) => put({ state: value === "open" ? "" : value, peek: "" })}
        />
        <Select
          allowClear
          aria-label={t("columns.amount")}
          placeholder={t("anyAmount")}
          value={upto || null}
          options={["2000", "5000", "20000"].map((value) => ({
            value,
            label: t("upto", { amount: money(Number(value)) }),
          }))}
          onChange={(value: string | null) => put({ upto: value ?? "", peek: "" })}
        />
      </div>
      <LedgerTable<CaseItem>
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(row) => row.number}
        hrefOf={hrefOf}
        onPeek={(row) => put({ peek: row?.id ?? "" })}
        peeked={peek}
        {...(mayDecide ? { selected, onSelect: select } : {})}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        search={list.search}
        unit={t("unit")}
        empty={t("empty", { state: t(`states.${state}`) })}
        card={(row) => <CaseCard row={row} now={now} />}
      />
      <BulkBar
        count={selected.size}
        unit={t("unit")}
        onClear={() => select(new Set())}
        acts={[
          {
            key: "agree",
            label: t("agreeMany", {
              n: count(chosen.length),
              amount: sums(
                chosen.map((row) => ({
                  kind: row.kind,
                  state: row.state,
                  currency: row.currency,
                  count: 1,
                  amount: row.amount,
                  late: 0,
                })),
              ),
            }),
            run: () => chosen.length > 0 && agree.mutate(chosen),
          },
        ]}
      />
      <Peek
        title={held ? held.number : ""}
        isOpen={held !== undefined}
        onClose={() => put({ peek: "" })}
        to={held ? hrefOf(held) : undefined}
      >
        {held && <CaseBody key={held.id} id={held.id} />}
      </Peek>
    </>
  );
}

/** What is open in each currency: sums of different ones are never added. */
function sums(open: CaseCounts["items"]): string {
  const by = new Map<string, number>();
  for (const one of open) by.set(one.currency, (by.get(one.currency) ?? 0) + one.amount);
  return [...by].map(([currency, amount]) => money(amount, currency)).join(" + ") || money(0);
}

function CaseCard({ row, now }: { row: CaseItem; now: number }) {
  const words = useWords();
  return (
    <Link to={hrefOf(row)} className="after-sales-card">
      <b>{row.number}</b>
      <ToneTag tone={toneOf(row)}>{words.state(row)}</ToneTag>
      <span>
        {words.kind(row)} · {words.reason(row)}
      </span>
      <b>{money(row.amount, row.currency)}</b>
      <time className="muted" data-late={words.isLate(row, now)}>
        {words.left(row, now)}
      </time>
    </Link>
  );
}

function useAgree(onDone: () => void) {
  const { t } = useTranslation("after-sales");
  const queries = useQueryClient();
  const { done, failed } = useNotice();
  return useMutation({
    mutationFn: (rows: readonly CaseItem[]) =>
      ask<BatchAnswer>("/v1/after-sales/agree", {
        method: "POST",
        json: { items: rows.map((row) => ({ id: row.id, amount_fen: row.amount })) },
      }),
    onSuccess: async (answer) => {
      const bad = answer.items.filter((one) => one.code);
      done(t("agreedMany", { n: count(answer.items.length - bad.length), bad: count(bad.length) }));
      onDone();
      await queries.invalidateQueries({ queryKey: AFTER_SALES_KEY });
    },
    onError: failed,
  });
}

function useColumns(now: number): Column<CaseItem>[] {
  const { t } = useTranslation(["after-sales", "common"]);
  const words = useWords();
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: CaseItem) => string,
    ): Column<CaseItem> => ({ key, title: t(`columns.${key}`), width, text, render: text });
    return [
      {
        ...plain("number", 200, (row) => row.number),
        fixed: true,
        render: (row) => (
          <Link to={hrefOf(row)} tabIndex={-1}>
            {row.number}
          </Link>
        ),
      },
      {
        ...plain("left", 150, (row) => words.left(row, now)),
        render: (row) =>
          row.due ? (
            <time title={exact(row.due)} className="after-sales-left" data-late={words.isLate(row, now)}>
              {words.left(row, now)}
            </time>
          ) : (
            "—"
          ),
      },
      plain("due", 150, (row) => (row.due ? dated(row.due) : "—")),
      plain("kind", 100, words.kind),
      {
        ...plain("state", 120, words.state),
        render: (row) => <ToneTag tone={toneOf(row)}>{words.state(row)}</ToneTag>,
      },
      { ...plain("amount", 110, (row) => money(row.amount, row.currency)), align: "right" },
      plain("reason", 130, words.reason),
      plain("goods", 220, words.units),
      plain("origin", 100, words.origin),
      plain("channel", 110, (row) =>
        t(`common:channels.${row.channel}`, { defaultValue: row.channel }),
      ),
      plain("waybill", 160, (row) => row.waybill || "—"),
      plain("opened", 120, (row) => dated(row.opened)),
    ];
  }, [t, words, now]);
}
