import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { TransferLineView, TransferView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, exact, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Acts } from "./acts";
import { toneOf, TRANSFERS_KEY, useStateWords } from "./words";
import "./transfers.css";

/** One transfer order: what may be done now, its lines with differences, its way. */
export default function Transfer() {
  const { id = "" } = useParams();
  const { t } = useTranslation("transfers");
  const state = useStateWords();
  const found = useQuery({
    queryKey: [...TRANSFERS_KEY, "one", id],
    queryFn: ({ signal }) => ask<TransferView>(`/v1/transfers/${id}`, { signal }),
  });
  const one = found.data;
  return (
    <>
      <PageHead
        back="/transfers"
        {...(one
          ? {
              title: one.number,
              isCode: true,
              state: <ToneTag tone={toneOf(one)}>{state(one)}</ToneTag>,
              fact: t("way", { from: one.from_warehouse, to: one.to_warehouse }),
            }
          : {})}
      />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isPending && <Skeleton kind="card" rows={5} />}
      {one && (
        <div className="transfers-one">
          <Acts key={`${one.state} ${one.steps.length}`} one={one} />
          <Lines one={one} />
          <Way one={one} />
          <About one={one} />
        </div>
      )}
    </>
  );
}

function Lines({ one }: { one: TransferView }) {
  const { t } = useTranslation("transfers");
  const number = (
    key: "planned" | "sent" | "good" | "damaged" | "waiting" | "short" | "over",
  ): SmallColumn<TransferLineView> => ({
    key,
    title: t(`counts.${key}`),
    isNumber: true,
    render: (line) => (line[key] ? count(line[key]) : "—"),
  });
  const closed = one.state === "received";
  const columns: SmallColumn<TransferLineView>[] = [
    {
      key: "sku",
      title: t("columns.goods"),
      render: (line) => (
        <>
          <Link to={`/stock/${encodeURIComponent(line.sku)}`} className="mono">
            {line.sku}
          </Link>
          {line.name && <span className="note transfers-name">{line.name}</span>}
        </>
      ),
    },
    number("planned"),
    number("sent"),
    number("good"),
    number("damaged"),
    ...(closed ? [number("short"), number("over")] : [number("waiting")]),
  ];
  return (
    <Card title={t("lines")} note={t("units", { n: count(one.units) })} isFlush>
      <SmallTable
        caption={t("lines")}
        columns={columns}
        rows={one.lines}
        keyOf={(line) => line.sku}
        empty={t("empty")}
      />
    </Card>
  );
}

function Way({ one }: { one: TransferView }) {
  const { t } = useTranslation("transfers");
  return (
    <Card title={t("steps.title")}>
      <ol className="transfers-steps">
        {one.steps.map((step) => (
          <li key={`${step.what} ${step.at}`}>
            <b>{t(`steps.${step.what}`)}</b>
            <time className="note" dateTime={step.at} title={exact(step.at)}>
              {dated(step.at)}
            </time>
            <span className="note">{step.by}</span>
            {step.what === "received" && (
              <span>{t("steps.came", { good: count(step.good), damaged: count(step.damaged) })}</span>
            )}
            {step.note && <q>{step.note}</q>}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function About({ one }: { one: TransferView }) {
  const { t } = useTranslation("transfers");
  return (
    <Card title={t("about")}>
      <dl className="transfers-facts">
        <dt>{t("columns.truck")}</dt>
        <dd>{one.truck || "—"}</dd>
        <dt>{t("columns.cost")}</dt>
        <dd>{money(one.cost_fen)}</dd>
        <dt>{t("columns.arrives")}</dt>
        <dd>{one.arrives ? dated(one.arrives) : "—"}</dd>
        <dt>{t("columns.by")}</dt>
        <dd>{one.planned_by}</dd>
        <dt>{t("origin")}</dt>
        <dd>
          {one.proposal ? <Link to={`/agent?of=done&id=${one.proposal}`}>{t("proposal")}</Link> : t("byHand")}
        </dd>
      </dl>
    </Card>
  );
}
