import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Redecision, RedecisionPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { Stops } from "./stops";
import { REDECISIONS_KEY, toneOf, useClosed } from "./words";

const keyOf = (run: Redecision) => String(run.no);
const hrefOf = (run: Redecision) => `/redecisions/${run.no}`;

/** 信号改派: what a signal closed, and what became of the open orders there. */
export default function Redecisions() {
  const { t } = useTranslation("redecisions");
  const words = useClosed();
  const list = useKeyset<Redecision, RedecisionPage>({
    queryKey: [...REDECISIONS_KEY, "list"],
    fetch: (cursor, signal) => ask(`/v1/redecisions?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const columns = useColumns();
  return (
    <>
      <PageHead fact={t("fact")} />
      <Stops />
      <LedgerTable<Redecision>
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={words.cause}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t("empty")}
        card={(run) => (
          <Link to={hrefOf(run)} className="redecisions-card">
            <b>{words.cause(run)}</b>
            <State run={run} />
            <span>{t("movedOf", { moved: count(run.orders.moved) })}</span>
            <time className="muted">{brief(run.began)}</time>
          </Link>
        )}
      />
    </>
  );
}

function State({ run }: { run: Redecision }) {
  const { t } = useTranslation("redecisions");
  const left = run.orders.stays + run.orders.pinned + run.orders.held + run.orders.refused;
  const text = !run.ended ? t("goesOn") : left ? t("needs", { count: left }) : t("done");
  return <ToneTag tone={toneOf(run)}>{text}</ToneTag>;
}

function useColumns(): Column<Redecision>[] {
  const { t } = useTranslation("redecisions");
  const words = useClosed();
  return useMemo(() => {
    const number = (
      key: string,
      text: (run: Redecision) => string,
      width = 90,
    ): Column<Redecision> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
      align: "right",
    });
    return [
      {
        key: "cause",
        title: t("columns.cause"),
        width: 420,
        text: words.cause,
        fixed: true,
        render: (run) => (
          <Link to={hrefOf(run)} tabIndex={-1}>
            {words.cause(run)}
          </Link>
        ),
      },
      {
        key: "state",
        title: t("columns.state"),
        width: 150,
        text: (run) => (run.ended ? t("done") : t("goesOn")),
        render: (run) => <State run={run} />,
      },
      number("moved", (run) => count(run.orders.moved)),
      number("stays", (run) => count(run.orders.stays)),
      number("pinned", (run) => count(run.orders.pinned)),
      number("held", (run) => count(run.orders.held)),
      number("begun", (run) => count(run.orders.begun)),
      {
        ...number("began", (run) => exact(run.began), 130),
        align: "left",
        render: (run) => <time title={exact(run.began)}>{brief(run.began)}</time>,
      },
    ];
  }, [t, words]);
}
