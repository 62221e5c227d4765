import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { PriceSets, Replan, ReplanPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, digest, exact, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { isOver, REPLANS_KEY, toneOf, useRunWords } from "./run-words";
import { Schedule } from "./schedule";
import "./replans.css";

const LOOK_MS = 2_000;
const keyOf = (run: Replan) => run.id;
const hrefOf = (run: Replan) => `/replans/${run.id}`;

/** 批量重排: when all open orders were decided anew, what came of it, which prices hold. */
export default function Replans() {
  const { t } = useTranslation(["replans", "common"]);
  const words = useRunWords();
  const mayRun = useMay("replan.run");
  const list = useKeyset<Replan, ReplanPage>({
    queryKey: [...REPLANS_KEY, "list"],
    fetch: (cursor, signal) => ask(`/v1/replans?${query({ cursor, limit: 50 })}`, { signal }),
  });
  // While one is under way its row says how far it is.
  const isBusy = list.rows.some((run) => !isOver(run));
  useQuery({
    queryKey: [...REPLANS_KEY, "look", isBusy],
    queryFn: () => {
      list.onRetry();
      return Date.now();
    },
    enabled: isBusy,
    refetchInterval: isBusy ? LOOK_MS : false,
  });
  const columns = useColumns();
  return (
    <>
      <PageHead fact={t("fact")} actions={mayRun && <Begin />} />
      <div className="replans">
        <LedgerTable<Replan>
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
            <Link to={hrefOf(run)} className="replans-card">
              <b>{words.cause(run)}</b>
              <ToneTag tone={toneOf(run)}>{words.state(run)}</ToneTag>
              <span>{t("movedOf", { moved: count(run.moved), planned: count(run.planned) })}</span>
              <time className="muted">{brief(run.created)}</time>
            </Link>
          )}
        />
        <Schedule mayChange={mayRun} />
        <Prices />
      </div>
    </>
  );
}

/** Plan all open orders anew now. */
function Begin() {
  const { t } = useTranslation("replans");
  const { failed } = useNotice();
  const go = useNavigate();
  const [isBusy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    try {
      const run = await ask<Replan>("/v1/replans", { method: "POST", json: { cause: "" } });
      await go(hrefOf(run));
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button type="primary" loading={isBusy} onClick={() => void begin()}>
      {t("begin")}
    </Button>
  );
}

function useColumns(): Column<Replan>[] {
  const { t } = useTranslation("replans");
  const words = useRunWords();
  return useMemo(() => {
    const plain = (key: string, width: number, text: (run: Replan) => string): Column<Replan> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const number = (key: string, width: number, text: (run: Replan) => string): Column<Replan> => ({
      ...plain(key, width, text),
      align: "right",
    });
    return [
      {
        ...plain("cause", 220, words.cause),
        fixed: true,
        render: (run) => (
          <Link to={hrefOf(run)} tabIndex={-1}>
            {words.cause(run)}
          </Link>
        ),
      },
      {
        ...plain("state", 140, words.state),
        render: (run) => <ToneTag tone={toneOf(run)}>{words.state(run)}</ToneTag>,
      },
      number("orders", 90, (run) => count(run.orders)),
      number("moved", 110, (run) => `${count(run.moved)} / ${count(run.planned)}`),
      number("before", 130, (run) => money(run.before_fen)),
      number("after", 130, (run) => money(run.after_fen)),
      number("gap", 110, words.gap),
      {
        ...plain("created", 120, (run) => exact(run.created)),
        render: (run) => <time title={exact(run.created)}>{brief(run.created)}</time>,
      },
    ];
  }, [t, words]);
}

/** 影子价: the newest sets, and how they fared against decisions without any. */
function Prices() {
  const { t } = useTranslation("replans");
  const found = useQuery({
    queryKey: [...REPLANS_KEY, "prices"],
    queryFn: ({ signal }) => ask<PriceSets>("/v1/prices", { signal }),
  });
  const columns: SmallColumn<PriceSets["items"][number]>[] = [
    { key: "no", title: t("columns.no"), render: (set) => `#${set.no}` },
    {
      key: "state",
      title: t("columns.state"),
      render: (set) => (
        <ToneTag tone={set.active ? "kept" : "excused"}>{t(set.active ? "inForce" : "notUsed")}</ToneTag>
      ),
    },
    { key: "tried", title: t("columns.tried"), isNumber: true, render: (set) => count(set.orders) },
    { key: "myopic", title: t("columns.myopic"), isNumber: true, render: (set) => money(set.myopic_fen) },
    { key: "priced", title: t("columns.priced"), isNumber: true, render: (set) => money(set.priced_fen) },
    {
      key: "saved",
      title: t("columns.saved"),
      isNumber: true,
      render: (set) => money(set.myopic_fen - set.priced_fen),
    },
    {
      key: "digest",
      title: t("columns.digest"),
      render: (set) => (
        <span className="mono" title={set.digest}>
          {digest(set.digest)}
        </span>
      ),
    },
    {
      key: "created",
      title: t("columns.created"),
      render: (set) => <time title={exact(set.made)}>{brief(set.made)}</time>,
    },
  ];
  return (
    <Card title={t("prices")} note={t("pricesNote")} isFlush>
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="rows" rows={3} />}
      {found.data && (
        <SmallTable
          caption={t("prices")}
          columns={columns}
          rows={found.data.items}
          keyOf={(set) => String(set.no)}
          empty={t("noPrices")}
        />
      )}
    </Card>
  );
}
