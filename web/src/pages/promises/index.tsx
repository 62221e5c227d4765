import { Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { ask } from "@/client";
import { dated, duration, leftWords } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNow } from "@/live/use-live";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Named, namedText } from "@/parts/named";
import { StatusTag } from "@/parts/status-tag";
import { useKeyset } from "@/parts/use-keyset";
import { Groups } from "./groups";
import { GROUPINGS, type PromisePage, type PromiseRow, stateOf, useClauseName } from "./rows";
import "./promises.css";

const LISTS = ["ticking", "broken", "late", "borderline", "kept", "excused"] as const;

const PAGE_ROWS = 100;

/** 承诺: what runs and is about to break comes first; then what was decided. */
export default function Promises() {
  const { t } = useTranslation(["promises", "common"]);
  const [asked, setAsked] = useSearchParams();
  const nameOf = useClauseName();
  const now = useNow();
  const state = asked.get("state") ?? "ticking";
  const isOpen = state === "ticking";
  const narrowed = GROUPINGS.flatMap((name) => {
    const value = asked.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const query = new URLSearchParams([["state", state], ["limit", String(PAGE_ROWS)], ...narrowed.map(([k, v]) => [k, v])]);
  const list = useKeyset<PromiseRow, PromisePage>({
    queryKey: ["promises", query.toString()],
    fetch: (cursor, signal) => ask<PromisePage>(`/v1/promises?${query}&cursor=${cursor}`, { signal }),
    limit: PAGE_ROWS,
  });

  function set(changes: Record<string, string | null>) {
    setAsked((old) => {
      const next = new URLSearchParams(old);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) next.delete(name);
        else next.set(name, value);
      }
      return next;
    });
  }

  // 原定 stands beside 到期 where a customer agreed to another deadline.
  const isAmended = list.rows.some((row) => row.before);
  const columns = useMemo<Column<PromiseRow>[]>(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: PromiseRow) => string,
    ): Column<PromiseRow> => ({ key, title: t(`columns.${key}`), width, text, render: text });
    const delay = (row: PromiseRow) => (row.gap_ms > 0 ? duration(row.gap_ms) : "—");
    return [
      { ...plain("number", 190, (row) => row.number), fixed: true },
      plain("promise", 150, nameOf),
      {
        ...plain("state", 130, (row) => t(`common:states.${stateOf(row)}`)),
        least: 104,
        render: (row) => <StatusTag state={stateOf(row)} />,
      },
      isOpen
        ? {
            ...plain("left", 120, (row) => (row.due ? leftWords(row.due, now) : "—")),
            least: 116,
            render: (row) => (
              <span data-tone={row.due && new Date(row.due).getTime() < now ? "broken" : undefined}>
                {row.due ? leftWords(row.due, now) : "—"}
              </span>
            ),
          }
        : { ...plain("gap", 120, delay), align: "right" },
      { ...plain("due", 130, (row) => (row.due ? dated(row.due) : "—")), least: 116 },
      ...(isAmended
        ? [
            {
              ...plain("before", 130, (row) => (row.before ? dated(row.before) : "—")),
              least: 116,
              render: (row: PromiseRow) => (
                <span title={row.before ? t("agreed") : undefined}>{row.before ? dated(row.before) : "—"}</span>
              ),
            },
          ]
        : []),
      ...(isOpen
        ? []
        : [{ ...plain("at", 130, (row) => (row.at ? dated(row.at) : "—")), least: 116 }]),
      plain("stage", 100, (row) => t(`common:stages.${row.order_state}`, { defaultValue: row.order_state })),
      {
        ...plain("warehouse", 130, (row) =>
          namedText(row.warehouse_name, row.warehouse, t("noWarehouse")),
        ),
        render: (row) => (
          <Named name={row.warehouse_name} code={row.warehouse} none={t("noWarehouse")} />
        ),
      },
      plain("channel", 120, (row) => t(`common:channels.${row.channel}`, { defaultValue: row.channel })),
      plain("carrier", 120, (row) => row.carrier || "—"),
    ];
  }, [t, nameOf, isOpen, isAmended, now]);

  return (
    <>
      <PageHead fact={t(isOpen ? "factOpen" : "factDecided")} />
      <div className="promises-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={state}
          options={LISTS.map((one) => ({ value: one, label: t(`lists.${one}`) }))}
          onChange={(value) => set({ state: value })}
        />
      </div>
      <div className="promises">
        <Groups
          isOpen={isOpen}
          nameOf={(by, key) => {
            const row = list.rows.find((one) => one[by] === key);
            if (by === "warehouse") return row?.warehouse_name ?? "";
            return by === "code" && row ? nameOf(row) : "";
          }}
          narrowed={narrowed}
          onPick={(by, key) => set({ [by]: key })}
          onDrop={(by) => set({ [by]: null })}
        />
        <div className="promises-list">
          <LedgerTable
            caption={t("caption")}
            columns={columns}
            rows={list.rows}
            keyOf={(row) => `${row.order} ${row.code}`}
            nameOf={(row) => `${row.number} ${nameOf(row)}`}
            hrefOf={(row) => `/orders/${row.order}`}
            hasMore={list.hasMore}
            onMore={list.onMore}
            isLoading={list.isLoading}
            isWaiting={list.isWaiting}
            problem={list.problem}
            onRetry={list.onRetry}
            search={list.search}
            unit={t("unit")}
            empty={t(isOpen ? "emptyOpen" : "emptyDecided", { list: t(`lists.${state}`) })}
            card={(row) => (
              <>
                <b>{row.number}</b> {nameOf(row)} <StatusTag state={stateOf(row)} />{" "}
                {row.due && leftWords(row.due, now)}
              </>
            )}
          />
        </div>
      </div>
    </>
  );
}
