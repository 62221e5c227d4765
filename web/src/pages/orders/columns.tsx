import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count, duration, left, money, near } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { StatusTag } from "@/parts/status-tag";
import { type OrderRow, promiseOf, type Words } from "./order-row";

/** The columns of the workbench, in the words of the person's language. */
export function useColumns(words: Words | undefined, now: number): Column<OrderRow>[] {
  const { t } = useTranslation(["orders", "common"]);
  const channels = useMemo(
    () => new Map((words?.channels ?? []).map((one) => [one.code, one.name])),
    [words],
  );
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: OrderRow) => string,
      more: Partial<Column<OrderRow>> = {},
    ): Column<OrderRow> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
      ...more,
    });
    const goods = (row: OrderRow) =>
      `${row.title} ×${count(row.quantity)}` +
      (row.lines > 1 ? t("moreLines", { count: row.lines }) : "");
    const promise = (row: OrderRow) => {
      const state = promiseOf(row);
      return state ? t(`common:states.${state}`) : "—";
    };
    return [
      plain("number", 172, (row) => row.number, { fixed: true }),
      plain("channel", 88, (row) => channels.get(row.channel) ?? row.channel),
      plain("goods", 196, goods),
      plain("paid", 96, (row) => money(row.paid), { align: "right" }),
      plain("region", 108, (row) => [row.province, row.place].filter(Boolean).join("·") || "—"),
      plain("warehouse", 112, (row) => row.warehouse_name || t("unallocated"), {
        render: (row) =>
          row.warehouse_name ? (
            row.warehouse_name
          ) : (
            <span className="orders-short">{t("unallocated")}</span>
          ),
      }),
      plain("state", 72, (row) => t(`common:stages.${row.state}`, { defaultValue: row.state })),
      plain("promise", 108, promise, {
        render: (row) => {
          const state = promiseOf(row);
          return state ? <StatusTag state={state} /> : "—";
        },
      }),
      plain("due", 104, (row) => leftWords(row, now, t), {
        sortable: true,
        render: (row) => <TimeLeft row={row} now={now} words={leftWords(row, now, t)} />,
      }),
      plain("placed", 96, (row) => near(row.placed), { sortable: true }),
      plain("tags", 110, (row) => row.tags.join(" "), {
        render: (row) =>
          row.tags.map((tag) => (
            <span key={tag} className="orders-tag">
              {tag}
            </span>
          )),
      }),
      plain("assignee", 110, (row) => row.assignee?.number ?? "—", { isExtra: true }),
      plain("holds", 160, (row) => row.holds.join(t("comma")) || "—", { isExtra: true }),
      plain("total", 110, (row) => money(row.total), {
        align: "right",
        isExtra: true,
        sortable: true,
      }),
    ];
  }, [t, channels, now]);
}

type T = ReturnType<typeof useTranslation>["t"];

function leftWords(row: OrderRow, now: number, t: T): string {
  if (!row.due) return "—";
  const rest = left(row.due, now) ?? 0;
  return rest >= 0 ? duration(rest) : t("over", { time: duration(-rest) });
}

/** What is left, over the share of the allowance that is used. */
function TimeLeft({ row, now, words }: { row: OrderRow; now: number; words: string }) {
  if (!row.due) return <>—</>;
  const due = new Date(row.due).getTime();
  const start = row.started ? new Date(row.started).getTime() : due;
  const used = due > start ? Math.min(1, Math.max(0, (now - start) / (due - start))) : 1;
  const tone = now > due ? "broken" : used >= 0.9 ? "risk" : "running";
  return (
    <span className="orders-left" data-tone={tone}>
      {words}
      <i aria-hidden>
        <b style={{ width: `${used * 100}%` }} />
      </i>
    </span>
  );
}
