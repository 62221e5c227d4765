import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { FilterWords as Words } from "@/api/types.gen";
import { brief, count, exact, leftWords, money, near } from "@/format";
import { useNow } from "@/live/use-live";
import type { Column } from "@/parts/ledger-columns";
import { PromiseLeft } from "@/parts/promise-clock";
import { StatusTag, ToneTag } from "@/parts/status-tag";
import { calledBy, clockOf, placeOf, promiseOf, type Row, shareOf } from "./model";

export const hrefOf = (row: Row) => `/orders/${row.order}`;
export const keyOf = (row: Row) => row.order;
export const nameOf = (row: Row) => row.number;

/** The words of a row that need the merchant's names. */
export function useRowWords(words: Words | undefined) {
  const { t } = useTranslation(["orders", "common", "holds"]);
  return useMemo(() => {
    const channels = new Map((words?.channels ?? []).map((one) => [one.code, one.name]));
    return {
      channel: (row: Row) =>
        t(`common:channels.${row.channel}`, { defaultValue: channels.get(row.channel) ?? row.channel }),
      goods: (row: Row) =>
        `${row.title} ×${count(row.quantity)}` +
        (row.lines > 1 ? t("moreLines", { count: row.lines }) : ""),
      // What became of its parcels stands beside the stage: 待交接 · 合单.
      stage: (row: Row) =>
        [
          t(`common:stages.${row.state}`, { defaultValue: t(`states.${row.state}`) }),
          ...row.parcels.map((flag) => t(`parcels.${flag}`)),
        ].join(" · "),
      warehouse: (row: Row) => row.warehouse_name || t("unallocated"),
      holds: (row: Row) =>
        row.holds.map((one) => t(`holds.${one}`, { defaultValue: one })).join(t("comma")),
      person: (row: Row) => (row.assignee ? calledBy(row.assignee) : ""),
    };
  }, [t, words]);
}

export type RowWords = ReturnType<typeof useRowWords>;

/** The columns of the workbench, in the words of the person's language. */
export function useColumns(say: RowWords): Column<Row>[] {
  const { t } = useTranslation(["orders", "common"]);
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: Row) => string,
      more: Partial<Column<Row>> = {},
    ): Column<Row> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text: (row) => text(row) || "—",
      render: (row) => text(row) || "—",
      ...more,
    });
    return [
      plain("number", 196, nameOf, {
        fixed: true,
        render: (row) => (
          <Link to={hrefOf(row)} className="mono" tabIndex={-1}>
            {row.number}
          </Link>
        ),
      }),
      plain("channel", 104, say.channel, { least: 84 }),
      plain("goods", 224, say.goods, { least: 132, render: (row) => <Goods row={row} /> }),
      plain("paid", 112, (row) => money(row.paid, row.currency), { least: 96, align: "right" }),
      plain("region", 108, placeOf, { least: 88 }),
      plain("warehouse", 108, say.warehouse, {
        least: 92,
        render: (row) =>
          row.warehouse_name || (row.state === "cancelled" ? "—" : <b className="orders-short">{t("unallocated")}</b>),
      }),
      plain("state", 112, say.stage, { least: 64 }),
      plain("promise", 116, (row) => {
        const state = promiseOf(row);
        return state ? t(`common:states.${state}`) : "";
      }, {
        least: 104,
        render: (row) => {
          const state = promiseOf(row);
          return state ? <StatusTag state={state} /> : "—";
        },
      }),
      plain("due", 128, (row) => (row.due ? leftWords(row.due) : ""), {
        least: 108,
        sortable: true,
        render: (row) => <Left row={row} />,
      }),
      plain("placed", 84, (row) => near(row.placed), {
        least: 64,
        sortable: true,
        render: (row) => <time title={exact(row.placed)}>{brief(row.placed)}</time>,
      }),
      plain("tags", 156, (row) => row.tags.join(" "), {
        least: 76,
        render: (row) =>
          row.tags.length === 0
            ? "—"
            : row.tags.map((tag) => <ToneTag key={tag}>{tag}</ToneTag>),
      }),
      plain("assignee", 112, say.person, { isExtra: true }),
      plain("holds", 160, say.holds, { isExtra: true }),
      plain("total", 112, (row) => money(row.total, row.currency), {
        align: "right",
        isExtra: true,
        sortable: true,
      }),
    ];
  }, [t, say]);
}

function Goods({ row }: { row: Row }) {
  const { t } = useTranslation("orders");
  return (
    <>
      {row.title} <span className="muted">×{count(row.quantity)}</span>
      {row.lines > 1 && <span className="muted">{t("moreLines", { count: row.lines })}</span>}
    </>
  );
}

/** What is left of the next clock, over the share of its time that is used. */
function Left({ row }: { row: Row }) {
  const { t } = useTranslation("orders");
  const now = useNow(row.due ? new Date(row.due).getTime() : null);
  if (!row.due) return <>—</>;
  const state = clockOf(row);
  return (
    <PromiseLeft
      state={state}
      due={row.due}
      share={shareOf(row, now)}
      waits={state === "paused" ? t("pausedUntil") : undefined}
    />
  );
}
