import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { ReconcileRun } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, decimal, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { isOver, RECONCILE_KEY, runTone, useWords } from "./words";
import "./reconcile.css";

const LOOK_MS = 1_000;
const STEPS = ["waiting", "log", "read", "join", "write", "done"];

/** One run: how far it is, what it looked at, what it found, by which rules lines are explained. */
export default function RunOne() {
  const { id = "" } = useParams();
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const mayWrite = useMay("reconcile.write");
  const client = useQueryClient();
  const found = useQuery({
    queryKey: [...RECONCILE_KEY, "run", id],
    queryFn: ({ signal }) => ask<ReconcileRun>(`/v1/reconcile/runs/${id}`, { signal }),
    refetchInterval: (asked) => (asked.state.data && isOver(asked.state.data) ? false : LOOK_MS),
  });
  const run = found.data;
  const isEnded = run !== undefined && isOver(run);
  useEffect(() => {
    if (!isEnded) return;
    for (const part of ["counts", "list", "runs"]) {
      void client.invalidateQueries({ queryKey: [...RECONCILE_KEY, part] });
    }
  }, [client, isEnded]);
  if (!run) {
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
  const facts: [string, string][] = [
    ["scope", t(run.whole ? "whole" : "newOnly")],
    ["orders", count(run.orders)],
    ["lines", count(run.lines)],
    ["matched", count(run.matched)],
    ["rulesVersion", run.rules_version ? String(run.rules_version) : t("shipped")],
    ["took", t("seconds", { n: decimal(run.seconds, 1) })],
  ];
  return (
    <>
      <PageHead
        back="/reconcile"
        title={t("runOf", { at: run.began ? dated(run.began) : "" })}
        state={<ToneTag tone={runTone(run)}>{words.stage(run)}</ToneTag>}
        fact={run.began && <time title={exact(run.began)}>{words.cause(run)}</time>}
        actions={mayWrite && !isOver(run) && <Cancel run={run} />}
      />
      <div className="reconcile">
        <Card title={t("looked")}>
          {run.trouble && (
            <Alert type="error" showIcon title={t("trouble")} description={run.trouble} />
          )}
          {!isOver(run) && (
            <progress
              className="job-bar"
              aria-label={words.stage(run)}
              value={STEPS.indexOf(run.stage)}
              max={STEPS.length - 1}
            />
          )}
          <dl className="reconcile-facts">
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{t(`columns.${name}`)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <Card title={t("foundIn")} isFlush>
          <SmallTable
            caption={t("foundIn")}
            columns={[
              {
                key: "class",
                title: t("columns.class"),
                render: ([name]) => (
                  <Link to={`/reconcile?class=${name}`}>{words.class(name)}</Link>
                ),
              },
              {
                key: "n",
                title: t("columns.all"),
                render: ([, n]) => count(n),
                isNumber: true,
              },
            ]}
            rows={Object.entries(run.counts)}
            keyOf={([name]) => name}
            empty={t(isOver(run) ? "nothing" : "notYet")}
          />
        </Card>
        <Card title={t("byRule")} note={t("byRuleNote")} isFlush>
          <SmallTable
            caption={t("byRule")}
            columns={[
              { key: "rule", title: t("columns.rule"), render: ([name]) => words.rule(name) },
              {
                key: "n",
                title: t("columns.lines"),
                render: ([, n]) => count(n),
                isNumber: true,
              },
            ]}
            rows={Object.entries(run.rules)}
            keyOf={([name]) => name}
            empty={t("nothingNew")}
          />
        </Card>
      </div>
    </>
  );
}

function Cancel({ run }: { run: ReconcileRun }) {
  const { t } = useTranslation("reconcile");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    try {
      await ask(`/v1/reconcile/runs/${run.id}/cancel`, { method: "POST" });
      await client.invalidateQueries({ queryKey: RECONCILE_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button danger loading={isBusy} onClick={() => void cancel()}>
      {t("cancelRun")}
    </Button>
  );
}
