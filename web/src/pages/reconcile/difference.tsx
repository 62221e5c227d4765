import { PrinterOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { BillRawLine, DifferenceShown } from "@/api/types.gen";
import { ask } from "@/client";
import { exact, money, weight } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Acts } from "./acts";
import { diffOf, RECONCILE_KEY, toneOf, useWords } from "./words";
import "./reconcile.css";

/** One difference: what was expected and found, our side beside the bill's rows as they came. */
export default function DifferenceOne() {
  const { id = "" } = useParams();
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const found = useQuery({
    queryKey: [...RECONCILE_KEY, "one", id],
    queryFn: ({ signal }) => ask<DifferenceShown>(`/v1/differences/${id}`, { signal }),
  });
  const shown = found.data;
  if (!shown) {
    return (
      <>
        <PageHead back="/reconcile" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </>
    );
  }
  const one = shown.difference;
  return (
    <>
      <PageHead
        back="/reconcile"
        title={`${words.class(one.class)} ${words.subject(one)}`}
        state={<ToneTag tone={toneOf(one.state)}>{words.state(one.state)}</ToneTag>}
        fact={t("differs", {
          expected: money(one.expected_fen),
          actual: money(one.actual_fen),
          diff: money(diffOf(one)),
        })}
        actions={
          <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
            {t("print")}
          </Button>
        }
      />
      <div className="reconcile">
        <Card title={t("why")}>
          <p>{t(`explained.${one.class}`)}</p>
          <dl className="reconcile-facts">
            <div>
              <dt>{t("columns.rule")}</dt>
              <dd>{t(`judged.${one.rule}`)}</dd>
            </div>
            <div>
              <dt>{t("columns.at")}</dt>
              <dd>{exact(one.at)}</dd>
            </div>
            <div>
              <dt>{t("columns.foundAt")}</dt>
              <dd>
                <Link to={`/reconcile/runs/${one.run}`}>{exact(one.found)}</Link>
              </dd>
            </div>
            <div>
              <dt>{t("columns.owner")}</dt>
              <dd>{one.owner ? `${one.owner.number} ${one.owner.name}` : "—"}</dd>
            </div>
            {one.reason && (
              <div>
                <dt>{t("columns.reason")}</dt>
                <dd>
                  {words.reason(one.reason)}
                  {t("colon")}
                  {one.note}
                </dd>
              </div>
            )}
            {one.asked && (
              <div>
                <dt>{t("columns.asked")}</dt>
                <dd>{`${one.asked.number} ${one.asked.name}`}</dd>
              </div>
            )}
            {one.second && (
              <div>
                <dt>{t("columns.second")}</dt>
                <dd>{`${one.second.number} ${one.second.name}`}</dd>
              </div>
            )}
          </dl>
          <Acts one={one} />
        </Card>
        <div className="reconcile-sides">
          <Ours shown={shown} />
          <Card title={t("theirs")} note={t("asItCame")}>
            {shown.lines.length === 0 && <p className="muted">{t("noLines")}</p>}
            {shown.lines.map((line) => (
              <Raw key={line.no} line={line} />
            ))}
          </Card>
        </div>
      </div>
    </>
  );
}

function Ours({ shown }: { shown: DifferenceShown }) {
  const { t } = useTranslation("reconcile");
  const { order } = shown;
  if (!order) {
    return (
      <Card title={t("ours")}>
        <p className="muted">{t("noOrder")}</p>
      </Card>
    );
  }
  const rows: [string, string][] = [
    ["total", money(order.total_fen)],
    ["paid", money(order.paid_fen)],
    ["paidAt", order.paid_at ? exact(order.paid_at) : "—"],
    ["refunded", money(order.refunded_fen)],
    ["refundedAt", order.refunded_at ? exact(order.refunded_at) : "—"],
    ["compensated", money(order.compensated_fen)],
    ["subsidy", order.subsidy_fen ? money(order.subsidy_fen) : "—"],
    ["shippedAt", order.shipped_at ? exact(order.shipped_at) : "—"],
  ];
  return (
    <Card
      title={t("ours")}
      extra={<Link to={`/orders/${order.id}`}>{t("openOrder", { number: order.number })}</Link>}
    >
      <table className="reconcile-pairs">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{t(`our.${name}`)}</th>
              <td>{value}</td>
            </tr>
          ))}
          {shown.parcels.map((parcel) => (
            <tr key={parcel.waybill}>
              <th scope="row">{t("our.parcel")}</th>
              <td>
                {[parcel.waybill, parcel.carrier, parcel.place, weight(parcel.weight_g)]
                  .filter(Boolean)
                  .join(" · ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** A row of a bill: its cells under the names of their columns, and what explains it. */
function Raw({ line }: { line: BillRawLine }) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const names = line.header.length ? line.header : line.cells.map((_, at) => String(at + 1));
  return (
    <section className="reconcile-raw" aria-label={t("rowOf", { file: line.file_name, row: line.row })}>
      <header>
        <b className="num">{money(line.amount_fen)}</b> {words.kind(line.kind)}
        <span className="note">
          {t("rowOf", { file: line.file_name, row: line.row })} · {words.rule(line.rule)}
        </span>
      </header>
      <table className="reconcile-pairs">
        <tbody>
          {names.map((name, at) =>
            (line.cells[at] ?? "").trim() ? (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{line.cells[at]}</td>
              </tr>
            ) : null,
          )}
        </tbody>
      </table>
    </section>
  );
}
