import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { ReplanMovePage, ReplanMove, Replan } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, digest, duration, exact, money, share } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { isOver, percentOf, REPLANS_KEY, toneOf, useRunWords } from "./run-words";
import "./replans.css";

const LOOK_MS = 1_000;
const MOVE_TONES: Record<string, Tone> = { moved: "kept", refused: "broken", waiting: "excused" };

/** One replan: how far it is, how good its plan is, which orders it moves. */
export default function RunOne() {
  const { id = "" } = useParams();
  const words = useRunWords();
  const mayRun = useMay("replan.run");
  const found = useQuery({
    queryKey: [...REPLANS_KEY, id],
    queryFn: ({ signal }) => ask<Replan>(`/v1/replans/${id}`, { signal }),
    refetchInterval: (asked) => (asked.state.data && isOver(asked.state.data) ? false : LOOK_MS),
  });
  const run = found.data;
  if (!run) {
    return (
      <>
        <PageHead back="/replans" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </>
    );
  }
  return (
    <>
      <PageHead
        back="/replans"
        title={words.cause(run)}
        state={<ToneTag tone={toneOf(run)}>{words.state(run)}</ToneTag>}
        actions={mayRun && !isOver(run) && <Cancel run={run} />}
      />
      <div className="replans">
        <Facts run={run} />
        {run.loads.length > 0 && <Loads run={run} />}
        <Moves key={run.state} run={run} />
      </div>
    </>
  );
}

function Cancel({ run }: { run: Replan }) {
  const { t } = useTranslation("replans");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    try {
      await ask(`/v1/replans/${run.id}/cancel`, { method: "POST" });
      await client.invalidateQueries({ queryKey: REPLANS_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button danger loading={isBusy} onClick={() => void cancel()}>
      {t("cancel")}
    </Button>
  );
}

function Facts({ run }: { run: Replan }) {
  const { t } = useTranslation("replans");
  const words = useRunWords();
  const took = run.ended ? new Date(run.ended).getTime() - new Date(run.created).getTime() : null;
  const facts: [string, React.ReactNode][] = [
    ["orders", count(run.orders)],
    ["lines", count(run.lines)],
    ["pinned", count(run.pinned)],
    ["planned", count(run.planned)],
    ["moved", count(run.moved)],
    ["refused", count(run.refused)],
    ["before", money(run.before_fen)],
    ["after", money(run.after_fen)],
    ["bound", money(run.bound_fen)],
    ["gap", words.gap(run)],
    ["by", run.asked_by || "—"],
    ["created", <time title={exact(run.created)}>{run.created ? dated(run.created) : "—"}</time>],
    ["took", took === null ? "—" : duration(took)],
    [
      "inputs",
      <span className="mono" title={run.digest}>
        {run.digest ? digest(run.digest) : "—"}
      </span>,
    ],
  ];
  return (
    <Card title={t("plan")} note={isOver(run) ? undefined : words.state(run)}>
      {run.trouble && <Alert type="error" showIcon title={t("trouble")} description={run.trouble} />}
      <progress
        className="job-bar"
        data-tone={toneOf(run)}
        max={100}
        value={percentOf(run)}
        aria-label={t("plan")}
      />
      <dl className="replans-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What each warehouse gets: the weights that the run published. */
function Loads({ run }: { run: Replan }) {
  const { t } = useTranslation("replans");
  const columns: SmallColumn<Replan["loads"][number]>[] = [
    { key: "warehouse", title: t("columns.warehouse"), render: (load) => load.warehouse },
    { key: "orders", title: t("columns.orders"), isNumber: true, render: (load) => count(load.orders) },
    {
      key: "share",
      title: t("columns.share"),
      isNumber: true,
      render: (load) => share(load.share_permille / 1_000, 1),
    },
  ];
  const busy = [...run.loads].sort((a, b) => b.share_permille - a.share_permille);
  return (
    <Card title={t("loads")} note={t("loadsNote")} isFlush>
      <SmallTable
        caption={t("loads")}
        columns={columns}
        rows={busy.filter((load) => load.orders > 0)}
        keyOf={(load) => load.warehouse}
        empty={t("noLoads")}
      />
    </Card>
  );
}

function Moves({ run }: { run: Replan }) {
  const { t, i18n } = useTranslation("replans");
  const list = useKeyset<ReplanMove, ReplanMovePage>({
    queryKey: [...REPLANS_KEY, run.id, "moves", run.state],
    fetch: (cursor, signal) =>
      ask(`/v1/replans/${run.id}/moves?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const columns = useMemo<Column<ReplanMove>[]>(() => {
    const plain = (key: string, width: number, text: (move: ReplanMove) => string): Column<ReplanMove> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const why = (move: ReplanMove) => (i18n.language.startsWith("zh") ? move.reason : move.reason_en) || "—";
    return [
      { ...plain("number", 190, (move) => move.number), fixed: true },
      plain("was", 140, (move) => move.was.join(" ") || t("nowhere")),
      plain("becomes", 140, (move) => move.becomes.join(" ")),
      { ...plain("gain", 110, (move) => money(move.gain_fen)), align: "right" },
      {
        ...plain("state", 110, (move) => t(`moves.${move.state}`, { defaultValue: move.state })),
        render: (move) => (
          <ToneTag tone={MOVE_TONES[move.state] ?? "excused"}>{t(`moves.${move.state}`)}</ToneTag>
        ),
      },
      plain("why", 220, why),
    ];
  }, [t, i18n.language]);
  return (
    <Card title={t("movedOrders")} note={t("movedOf", { moved: count(run.moved), planned: count(run.planned) })} isFlush>
      <LedgerTable<ReplanMove>
        caption={t("movedOrders")}
        columns={columns}
        rows={list.rows}
        keyOf={(move) => move.order}
        nameOf={(move) => move.number}
        hrefOf={(move) => `/orders/${move.order}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t(isOver(run) ? "noMoves" : "noMovesYet")}
        card={(move) => (
          <Link to={`/orders/${move.order}`} className="replans-card">
            <b>{move.number}</b>
            <span>
              {move.was.join(" ") || t("nowhere")} → {move.becomes.join(" ")}
            </span>
            <span>{money(move.gain_fen)}</span>
            <ToneTag tone={MOVE_TONES[move.state] ?? "excused"}>{t(`moves.${move.state}`)}</ToneTag>
          </Link>
        )}
      />
    </Card>
  );
}
