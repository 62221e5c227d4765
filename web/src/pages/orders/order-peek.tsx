import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { getOrderSheetOptions } from "@/api/@tanstack/react-query.gen";
import { count, dated, money, near } from "@/format";
import { byLocale } from "@/i18n";
import { PromiseClock } from "@/parts/promise-clock";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { StatusTag, ToneTag, type PromiseState } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import type { RowWords } from "./columns";
import { placeOf, promiseOf, type Row } from "./model";

/** An order at a glance, beside the list: what it is, what was promised, what is in it. */
export default function OrderPeek({ row, say }: { row: Row; say: RowWords }) {
  const { t } = useTranslation(["orders", "common"]);
  const sheet = useQuery(getOrderSheetOptions({ path: { order_id: row.order } }));
  const state = promiseOf(row);
  const facts: [string, React.ReactNode][] = [
    ["state", say.stage(row)],
    ["channel", say.channel(row)],
    ["paid", money(row.paid, row.currency)],
    ["region", placeOf(row) || "—"],
    ["warehouse", say.warehouse(row)],
    ["placed", near(row.placed)],
    ...(row.holds.length > 0 ? [["holds", say.holds(row)] as [string, string]] : []),
    ...(row.assignee ? [["assignee", say.person(row)] as [string, string]] : []),
  ];
  return (
    <div className="orders-peek">
      <p className="orders-peek-state">
        {state && <StatusTag state={state} />}
        {row.tags.map((tag) => (
          <ToneTag key={tag}>{tag}</ToneTag>
        ))}
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {sheet.isLoading && <Skeleton kind="rows" rows={4} />}
      {sheet.error && <ProblemNote problem={asProblem(sheet.error)} onRetry={() => void sheet.refetch()} />}
      {sheet.data && (
        <>
          <h2>{t("peekGoods")}</h2>
          <ul className="orders-peek-lines">
            {sheet.data.lines.map((line) => (
              <li key={line.no}>
                <span>{line.title || line.sku}</span>
                <span className="muted">×{count(line.quantity)}</span>
                <span>{money(line.paid, row.currency)}</span>
              </li>
            ))}
          </ul>
          <h2>{t("peekPromises")}</h2>
          {sheet.data.promises.map((one) => (
            <PromiseClock
              key={one.code}
              name={byLocale(one.name.zh, one.name.en)}
              state={one.state as PromiseState}
              text={one.text}
              due={one.due || undefined}
              share={one.used_permille / 1000}
              waits={t("startsWith", { event: byLocale(one.start_event.zh, one.start_event.en) })}
            />
          ))}
        </>
      )}
      <p>
        <Link to={`/orders/${row.order}`}>{t("peekOpen")}</Link>{" "}
        {row.due && <span className="note">{t("common:clock.due", { at: dated(row.due) })}</span>}
      </p>
    </div>
  );
}
