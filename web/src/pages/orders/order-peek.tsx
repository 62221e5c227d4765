import { useTranslation } from "react-i18next";
import { count, money, near } from "@/format";
import { StatusTag } from "@/parts/status-tag";
import { type OrderRow, promiseOf } from "./order-row";

/** An order at a glance, beside the list. */
export function OrderPeek({ row }: { row: OrderRow }) {
  const { t } = useTranslation(["orders", "common"]);
  const state = promiseOf(row);
  const facts: [string, React.ReactNode][] = [
    [t("columns.state"), t(`common:stages.${row.state}`, { defaultValue: row.state })],
    [t("columns.promise"), state ? <StatusTag key="state" state={state} /> : "—"],
    [t("columns.due"), row.due ? near(row.due) : "—"],
    [
      t("columns.goods"),
      `${row.title} ×${count(row.quantity)}${row.lines > 1 ? t("moreLines", { count: row.lines }) : ""}`,
    ],
    [t("columns.paid"), money(row.paid)],
    [t("columns.region"), [row.province, row.place].filter(Boolean).join("·") || "—"],
    [t("columns.warehouse"), row.warehouse_name || t("unallocated")],
    [t("columns.placed"), near(row.placed)],
    [t("columns.holds"), row.holds.join(t("comma")) || "—"],
    [t("columns.assignee"), row.assignee ? `${row.assignee.number} ${row.assignee.name}` : "—"],
    [t("columns.tags"), row.tags.join(" ") || "—"],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} className="orders-fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
