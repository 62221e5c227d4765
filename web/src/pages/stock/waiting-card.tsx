import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Waiting } from "@/api/types.gen";
import { count, dated, near } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";

interface Props {
  waiting: Waiting | undefined;
  problem: unknown;
}

const SHOWN = 8;

/** The page's answer: goods that orders wait for, those that cannot be covered first. */
export function WaitingCard({ waiting, problem }: Props) {
  const { t } = useTranslation(["stock", "common"]);
  if (!waiting) {
    return problem ? <ProblemNote problem={asProblem(problem)} /> : <Skeleton kind="card" />;
  }
  const more = waiting.skus - Math.min(SHOWN, waiting.items.length);
  return (
    <Card
      title={t("waiting.title")}
      note={
        waiting.skus
          ? t(waiting.exact ? "waiting.note" : "waiting.about", {
              skus: count(waiting.skus),
              orders: count(waiting.orders),
            })
          : t("waiting.noteNone")
      }
      isFlush={waiting.items.length > 0}
    >
      {waiting.items.length === 0 ? (
        <p className="muted">{t("waiting.none")}</p>
      ) : (
        <div className="stock-scroll">
        <table>
          <caption className="visually-hidden">{t("waiting.title")}</caption>
          <thead>
            <tr>
              <th>{t("columns.sku")}</th>
              <th>{t("columns.name")}</th>
              <th className="num">{t("waiting.units")}</th>
              <th className="num">{t("waiting.orders")}</th>
              <th className="num">{t("columns.atp")}</th>
              <th className="num">{t("waiting.missing")}</th>
              <th className="num">{t("columns.in_transit")}</th>
              <th>{t("waiting.due")}</th>
              <th>{t("waiting.since")}</th>
            </tr>
          </thead>
          <tbody>
            {waiting.items.slice(0, SHOWN).map((item) => (
              <tr key={item.sku}>
                <td className="mono">
                  {item.known ? (
                    <Link to={`/stock?${query({ sku: item.sku })}`}>{item.sku}</Link>
                  ) : (
                    item.sku
                  )}
                </td>
                <td>{item.known ? item.name : <span className="muted">{t("waiting.unknown")}</span>}</td>
                <td className="num">{count(item.units)}</td>
                <td className="num">{count(item.orders)}</td>
                <td className="num">{count(item.atp)}</td>
                <td className="num">
                  {item.missing > 0 ? (
                    <b data-tone="broken" className="stock-alarm">
                      {count(item.missing)}
                    </b>
                  ) : (
                    t("waiting.enough")
                  )}
                </td>
                <td className="num">{count(item.in_transit)}</td>
                <td title={item.due}>{item.due ? dated(item.due) : "—"}</td>
                <td title={item.since}>{near(item.since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        </div>
      )}
      {more > 0 && <p className="note stock-more">{t("waiting.more", { n: count(more) })}</p>}
    </Card>
  );
}
