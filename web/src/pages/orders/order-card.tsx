import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { leftWords } from "@/format";
import { useNow } from "@/live/use-live";
import { StatusTag } from "@/parts/status-tag";
import { hrefOf, type RowWords } from "./columns";
import { promiseOf, type Row } from "./model";

/** An order on a narrow screen: number, goods, promise with what is left, one act. */
export function OrderCard({ row, say }: { row: Row; say: RowWords }) {
  const { t } = useTranslation(["orders", "common"]);
  const now = useNow(row.due ? new Date(row.due).getTime() : null);
  const state = promiseOf(row);
  return (
    <article className="orders-card">
      <p>
        <Link to={hrefOf(row)} className="mono">
          {row.number}
        </Link>
        <span className="muted">{say.stage(row)}</span>
      </p>
      <p>{say.goods(row)}</p>
      <p>
        {state && <StatusTag state={state} />}
        {row.due && <b>{leftWords(row.due, now)}</b>}
        <Link to={hrefOf(row)} className="orders-card-act">
          {t("common:keys.open")}
        </Link>
      </p>
    </article>
  );
}
