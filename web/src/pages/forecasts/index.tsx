import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress, Tabs } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastState, JobView } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Detail } from "./detail";
import { Files } from "./files";
import { Lines } from "./lines";
import { Promotions } from "./promotions";
import { Scores } from "./scores";
import { KEY } from "./words";
import "./forecasts.css";

const BEAT_MS = 1_000;
const TABS = ["series", "methods", "promotions", "history"] as const;

/** 预测: demand by place and SKU, how far it can be believed, and what it learns from. */
export default function Forecasts() {
  const { t } = useTranslation("forecasts");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("forecast.write");
  const found = useQuery({
    queryKey: [...KEY, "state"],
    queryFn: ({ signal }) => fetchJson<ForecastState>("/v1/forecasts/state", { signal }),
  });
  const run = useMutation({
    mutationFn: () => fetchJson<JobView>("/v1/forecasts/run", { method: "POST" }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...KEY, "state"] }),
  });
  const state = found.data;
  const tab = TABS.find((one) => one === asked("tab")) ?? "series";
  const chosen = asked("sku") ? { place: asked("at"), sku: asked("sku") } : null;
  const pages = {
    series: state && <Lines state={state} mayWrite={mayWrite} />,
    methods: state && <Scores run={state.run} />,
    promotions: <Promotions mayWrite={mayWrite} />,
    history: <Files mayWrite={mayWrite} />,
  };
  return (
    <>
      <PageHead
        fact={
          state?.run &&
          t("fact", { series: count(state.run.series), day: state.run.day, when: brief(state.run.made) })
        }
        actions={
          mayWrite && (
            <Button type="primary" loading={run.isPending} disabled={!!state?.job} onClick={() => run.mutate()}>
              {t("run")}
            </Button>
          )
        }
      />
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {run.error && <ProblemNote problem={asProblem(run.error)} onRetry={() => run.mutate()} />}
      {found.isPending && <Skeleton kind="card" rows={6} />}
      {state && <Banners state={state} onDrifted={() => ask({ tab: "", drifted: "1" })} />}
      {state?.job && <Running job={state.job} mayStop={mayWrite} />}
      {chosen && <Detail {...chosen} onClose={() => ask({ at: "", sku: "" })} />}
      <Tabs
        activeKey={tab}
        onChange={(key) => ask({ tab: key === "series" ? "" : key })}
        items={TABS.map((key) => ({ key, label: t(`tabs.${key}`), children: pages[key] }))}
      />
    </>
  );
}

/** What makes the forecast worth less than it could be. */
function Banners({ state, onDrifted }: { state: ForecastState; onDrifted: () => void }) {
  const { t } = useTranslation("forecasts");
  return (
    <div className="forecasts-banners">
      {!state.extra && <Alert type="warning" showIcon title={t("noExtra")} description={t("noExtraText")} />}
      {state.extra && state.run && !state.run.extra && (
        <Alert type="info" showIcon title={t("plainRun")} description={t("plainRunText")} />
      )}
      {state.drifted > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t("drifted", { n: count(state.drifted) })}
          description={t("driftedText")}
          action={
            <Button size="small" onClick={onDrifted}>
              {t("showDrifted")}
            </Button>
          }
        />
      )}
    </div>
  );
}

/** A run that has not ended: how far it is, and a way to stop it. */
function Running({ job, mayStop }: { job: string; mayStop: boolean }) {
  const { t } = useTranslation("forecasts");
  const found = useQuery({
    queryKey: ["jobs", job],
    queryFn: ({ signal }) => fetchJson<JobView>(`/v1/jobs/${job}`, { signal }),
    refetchInterval: (query) => (query.state.data?.ended ? false : BEAT_MS),
  });
  const stop = useMutation({
    mutationFn: () => fetchJson<JobView>(`/v1/jobs/${job}/cancel`, { method: "POST", json: {} }),
    onSuccess: () => found.refetch(),
  });
  const told = useRef(false);
  const one = found.data;
  useEffect(() => {
    if (!one?.ended || told.current) return;
    told.current = true;
    void queries.invalidateQueries({ queryKey: KEY });
  }, [one?.ended]);
  if (!one || (one.ended && one.state !== "failed")) return null;
  if (one.state === "failed")
    return <Alert type="error" showIcon title={t("failed")} description={one.trouble} />;
  return (
    <section className="forecasts-running" aria-label={t("running")}>
      <span>{t("running")}</span>
      <Progress percent={one.done} aria-label={t("running")} />
      {mayStop && (
        <Button size="small" loading={stop.isPending} onClick={() => stop.mutate()}>
          {t("stop")}
        </Button>
      )}
    </section>
  );
}
