import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReconcileRun, ReconcileRunPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, exact } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { isOver, RECONCILE_KEY, runTone, useWords } from "./words";

const LOOK_MS = 2_000;
const SHOWN = 5;

/** The last runs: what they looked at, and how long it took. */
export function Runs() {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const found = useQuery({
    queryKey: [...RECONCILE_KEY, "runs"],
    queryFn: ({ signal }) =>
      ask<ReconcileRunPage>(`/v1/reconcile/runs?limit=${SHOWN}`, { signal }),
    refetchInterval: (asked) =>
      asked.state.data?.items.some((run) => !isOver(run)) ? LOOK_MS : false,
  });
  const columns: SmallColumn<ReconcileRun>[] = [
    {
      key: "began",
      title: t("columns.began"),
      render: (run) => (
        <Link to={`/reconcile/runs/${run.id}`} title={exact(run.began)}>
          {run.began ? brief(run.began) : "—"}
        </Link>
      ),
    },
    {
      key: "stage",
      title: t("columns.stage"),
      render: (run) => <ToneTag tone={runTone(run)}>{words.stage(run)}</ToneTag>,
    },
    {
      key: "scope",
      title: t("columns.scope"),
      render: (run) => t(run.whole ? "whole" : "newOnly"),
    },
    { key: "orders", title: t("columns.orders"), render: (run) => count(run.orders), isNumber: true },
    { key: "lines", title: t("columns.lines"), render: (run) => count(run.lines), isNumber: true },
    {
      key: "matched",
      title: t("columns.matched"),
      render: (run) => count(run.matched),
      isNumber: true,
    },
    {
      key: "found",
      title: t("columns.found"),
      render: (run) => count(Object.values(run.counts).reduce((sum, n) => sum + n, 0)),
      isNumber: true,
    },
  ];
  return (
    <Card title={t("runs")} isFlush>
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : found.data ? (
        <SmallTable
          caption={t("runs")}
          columns={columns}
          rows={found.data.items}
          keyOf={(run) => run.id}
          empty={t("noRuns")}
        />
      ) : (
        <Skeleton kind="card" />
      )}
    </Card>
  );
}
