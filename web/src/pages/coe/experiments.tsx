import { ExperimentOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Experiment, ExperimentPage, TrialFigure } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, decimal, money, points, share } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { StartExperiment } from "./start-experiment";
import { KEY, PATH, ratio } from "./words";

type Metric = TrialFigure["metric"];

/** 实验: a policy set on a share of the orders, against the others, with guardrails. */
export function Experiments() {
  const { t } = useTranslation("coe");
  const mayStart = useMay("experiment.start");
  const [isNew, setNew] = useState(false);
  const list = useKeyset<Experiment, ExperimentPage>({
    queryKey: [...KEY, "experiments"],
    fetch: (cursor, signal) =>
      ask(`${PATH}/experiments?${query({ cursor, limit: 10 })}`, { signal }),
  });
  return (
    <Card
      title={t("tabs.experiments")}
      note={t("caveat")}
      extra={
        mayStart && (
          <Button type="primary" icon={<ExperimentOutlined />} onClick={() => setNew(true)}>
            {t("start")}
          </Button>
        )
      }
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && (
        <p className="note">{t("noExperiments")}</p>
      )}
      <ul className="coe-items">
        {list.rows.map((one) => (
          <li key={one.id}>
            <One one={one} />
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("moreRows")}
        </Button>
      )}
      {isNew && <StartExperiment onClose={() => setNew(false)} />}
    </Card>
  );
}

function One({ one }: { one: Experiment }) {
  const { t } = useTranslation("coe");
  const { plan } = one;
  const isRunning = (one.state ?? "running") === "running";
  const isClustered = (plan.regions ?? []).length > 0;
  const columns: SmallColumn<TrialFigure>[] = [
    { key: "metric", title: t("columns.metric"), render: (of) => t(`trial.${of.metric}`) },
    { key: "treated", title: t("columns.treated"), render: (of) => arm(of, of.treated, of.treated_sum), isNumber: true },
    { key: "control", title: t("columns.control"), render: (of) => arm(of, of.control, of.control_sum), isNumber: true },
    {
      key: "effect",
      title: t("columns.effect"),
      render: (of) => (of.is_known ? difference(of.metric, of.effect) : t("tooFew")),
      isNumber: true,
    },
    {
      key: "interval",
      title: t("columns.interval"),
      render: (of) =>
        of.is_known
          ? t("fromTo", { low: difference(of.metric, of.low), high: difference(of.metric, of.high) })
          : "",
      isNumber: true,
    },
    {
      key: "bound",
      title: t("columns.bound"),
      render: (of) => {
        const rail = plan.guardrails.find((each) => each.metric === of.metric);
        return rail ? difference(of.metric, rail.bound) : t("primary");
      },
    },
  ];
  return (
    <article aria-label={plan.name}>
      <header>
        <h3>{plan.name}</h3>
        <ToneTag tone={isRunning ? "primary" : "excused"}>{t(isRunning ? "running" : "stopped")}</ToneTag>
        {one.verdict && (
          <ToneTag tone={one.verdict === "better" ? "kept" : one.verdict === "worse" ? "broken" : "plain"}>
            {t(`verdicts.${one.verdict}`)}
          </ToneTag>
        )}
        <Acts one={one} isRunning={isRunning} />
      </header>
      <p className="note">
        {t("assigned", { percent: plan.percent })} {[...(plan.channels ?? []), ...(plan.regions ?? [])].join("、")} ·{" "}
        {t("begun", { when: brief(one.made_ms ?? 0) })}
        {one.why ? ` · ${t(`why.${one.why}`)}` : ""}
        {one.breached ? ` · ${t(`trial.${one.breached}`)}` : ""}
        {isClustered ? ` · ${t("clustered")}` : ""}
      </p>
      <SmallTable
        caption={plan.name}
        columns={columns}
        rows={one.figures ?? []}
        keyOf={(of) => of.metric}
        empty={t("notCounted")}
      />
      {(one.points ?? []).length > 1 && <Course one={one} />}
    </article>
  );
}

function arm(figure: TrialFigure, orders: number, sum: number): string {
  if (!orders) return "0";
  const mean = sum / orders;
  return figure.metric === "cost"
    ? `${money(Math.round(mean))} (${count(orders)})`
    : `${share(mean, 1)} (${count(orders)})`;
}

function difference(metric: Metric, value: number): string {
  return metric === "cost" ? money(value) : points(ratio(value));
}

/** How the primary metric's interval narrowed. */
function Course({ one }: { one: Experiment }) {
  const { t } = useTranslation("coe");
  const label = t("course", { metric: t(`trial.${one.plan.primary}`) });
  const all = useMemo(() => one.points ?? [], [one.points]);
  const scale = one.plan.primary === "cost" ? 100 : 10;
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
      legend: { top: 0 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: all.map((point) => count(point.orders)) },
      yAxis: { type: "value" },
      series: (["high", "effect", "low"] as const).map((end) => ({
        type: "line",
        name: t(`ends.${end}`),
        showSymbol: false,
        lineStyle: { type: end === "effect" ? "solid" : "dashed" },
        data: all.map((point) => point[end] / scale),
      })),
    }),
    [all, scale, t],
  );
  return (
    <Chart
      label={label}
      option={option}
      table={{
        head: [t("columns.orders"), t("ends.low"), t("ends.effect"), t("ends.high")],
        rows: all.map((point) => [
          count(point.orders),
          decimal(point.low / scale, 1),
          decimal(point.effect / scale, 1),
          decimal(point.high / scale, 1),
        ]),
      }}
    />
  );
}

function Acts({ one, isRunning }: { one: Experiment; isRunning: boolean }) {
  const { t } = useTranslation("coe");
  const { done } = useNotice();
  const confirm = useConfirm();
  const mayStart = useMay("experiment.start");
  const mayWrite = useMay("coe.write");
  const call = useMutation({
    mutationFn: (act: "look" | "stop") =>
      ask<Experiment>(`${PATH}/experiments/${one.id}/${act}`, { method: "POST", json: {} }),
    onSuccess: async (_, act) => {
      done(t(act === "look" ? "counted" : "stopDone"));
      await queries.invalidateQueries({ queryKey: [...KEY, "experiments"] });
    },
  });
  const onStop = async () => {
    if (await confirm({ title: t("stopTitle", { name: one.plan.name }), text: t("stopText"), act: t("stop"), isDanger: true }))
      call.mutate("stop");
  };
  if (!isRunning) return null;
  return (
    <span className="coe-acts">
      {call.error && <ProblemNote problem={asProblem(call.error)} />}
      {mayWrite && (
        <Button size="small" loading={call.isPending} onClick={() => call.mutate("look")}>
          {t("count")}
        </Button>
      )}
      {mayStart && (
        <Button size="small" danger onClick={() => void onStop()}>
          {t("stop")}
        </Button>
      )}
    </span>
  );
}
