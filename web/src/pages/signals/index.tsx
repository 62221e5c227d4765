import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { SignalsPage } from "@/api/types.gen";
import { ask } from "@/client";
import { age, count, countTile, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Sources } from "./sources";
import { LOOK_MS, worst } from "./signals";
import { Values } from "./values";
import { Variables } from "./variables";
import "./signals.css";

/** 实时信号: which signals are stale or contradict each other, and what all of them say. */
export default function Signals() {
  const { t } = useTranslation("signals");
  const view = useQuery({
    queryKey: ["signals", "variables"],
    queryFn: ({ signal }) => ask<SignalsPage>("/v1/signals?limit=1", { signal }),
    refetchInterval: LOOK_MS,
  });
  const bad = view.data && worst(view.data.variables);
  const fact = bad
    ? bad.stale + bad.disagree > 0
      ? t("trouble", { stale: count(bad.stale), disagree: count(bad.disagree) })
      : t("calm")
    : undefined;
  return (
    <>
      <PageHead fact={fact} />
      {view.error && (
        <ProblemNote problem={asProblem(view.error)} onRetry={() => void view.refetch()} />
      )}
      {view.isLoading && <Skeleton kind="page" rows={6} />}
      {view.data && bad && (
        <div className="signals">
          <div className="figures">
            <Figure
              label={t("states.stale")}
              tile={countTile(bad.stale, t("values"))}
              tone={bad.stale ? "broken" : "plain"}
              note={t("staleNote")}
              to="/signals?status=stale"
            />
            <Figure
              label={t("states.disagree")}
              tile={countTile(bad.disagree, t("values"))}
              tone={bad.disagree ? "pend" : "plain"}
              note={t("disagreeNote")}
              to="/signals?status=disagree"
            />
            <Figure
              label={t("states.fresh")}
              tile={countTile(
                view.data.variables.reduce((sum, one) => sum + one.fresh, 0),
                t("values"),
              )}
              note={t("freshNote")}
              to="/signals?status=fresh"
            />
            <Figure
              label={t("snapshot")}
              tile={{
                value: age(view.data.taken),
                unit: "",
                exact: exact(view.data.taken),
              }}
              note={<code>{view.data.snapshot.slice(0, 12)}</code>}
            />
          </div>
          <Values variables={view.data.variables} />
          <Card title={t("variables")} note={t("variablesNote")} isFlush>
            <Variables variables={view.data.variables} />
          </Card>
          <Sources />
        </div>
      )}
    </>
  );
}
