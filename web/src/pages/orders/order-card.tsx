import { useTranslation } from "react-i18next";
import { leftWords } from "@/format";
import { StatusTag } from "@/parts/status-tag";
import { type OrderRow, promiseOf } from "./order-row";

/** An order on a narrow screen: number, promise, time left, stage. */
export function OrderCard({ row, now }: { row: OrderRow; now: number }) {
  const { t } = useTranslation("common");
  const state = promiseOf(row);
  return (
    <span className="orders-card">
      <b>{row.number}</b>
      <span>{row.title}</span>
      <span>
        {state && <StatusTag state={state} />} {row.due && leftWords(row.due, now)}
      </span>
      <small>{t(`stages.${row.state}`, { defaultValue: row.state })}</small>
    </span>
  );
}
