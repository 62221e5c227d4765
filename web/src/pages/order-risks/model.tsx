import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LearnedBin, LearnedModelDetail } from "@/api/types.gen";
import { ask } from "@/client";
import { count, digest } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, mark, percent, ratio } from "./words";

type Feature = LearnedModelDetail["features"][number];
type Slice = LearnedModelDetail["slices"][number];

/** One model: on what it rests, whether its chances mean what they say, where it does well. */
export function Detail({ id }: { id: string }) {
  const { t, i18n } = useTranslation("order-risks");
  const isZh = i18n.language.startsWith("zh");
  const found = useQuery({
    queryKey: [...KEY, "model", id],
    queryFn: ({ signal }) => ask<LearnedModelDetail>(`/v1/learning/models/${id}`, { signal }),
  });
  const detail = found.data;
  if (found.error) return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  if (!detail) return <Skeleton kind="card" rows={6} />;
  const { model } = detail;
  const features: SmallColumn<Feature>[] = [
    { key: "name", title: t("detail.feature"), render: (one) => (isZh ? one.title_zh : one.title_en) },
    { key: "weight", title: t("detail.weight"), render: (one) => percent(one.weight, 1), isNumber: true },
    {
      key: "psi",
      title: t("detail.drift"),
      render: (one) => (one.psi ? <ToneTag tone="risk">PSI {ratio(one.psi)}</ToneTag> : "—"),
      isNumber: true,
    },
  ];
  const slices: SmallColumn<Slice>[] = [
    {
      key: "by",
      title: t("detail.slice"),
      render: (one) => `${t(`by.${one.by}`)}: ${one.by === "stage" ? t(`stages.${one.value}`) : one.value || "—"}`,
    },
    { key: "marks", title: t("model.marks"), render: (one) => mark(model, one.marks, t) },
  ];
  return (
    <Card
      title={`${t(`targets.${model.target}`)} · ${t(`kinds.${model.kind}`)}`}
      note={t("detail.note", { from: model.from_day, to: model.to_day, fitted: count(model.fitted), calibrated: count(model.calibrated) })}
      extra={<Acts detail={detail} />}
    >
      <dl className="order-risks-marks">
        <dt>{t("model.marks")}</dt>
        <dd>{mark(model, model.marks, t)}</dd>
        <dt>{t("detail.plain")}</dt>
        <dd>{mark(model, model.plain, t)}</dd>
        {model.shuffled && (
          <>
            <dt>{t("detail.shuffled")}</dt>
            <dd>{mark(model, model.shuffled, t)}</dd>
          </>
        )}
        <dt>{t("detail.since")}</dt>
        <dd>
          {mark(model, model.since, t)} {model.trouble && <ToneTag tone="risk">{t(`why.${model.trouble}`)}</ToneTag>}
        </dd>
        <dt>{t("detail.file")}</dt>
        <dd>
          <code>{digest(model.digest)}</code> · {t("detail.data")} <code>{digest(model.data)}</code> · {model.code}
        </dd>
      </dl>
      {detail.bins.length > 0 && <Reliability bins={detail.bins} since={detail.since_bins} />}
      <div className="order-risks-two">
        <SmallTable caption={t("detail.features")} columns={features} rows={detail.features} keyOf={(one) => one.name} empty={t("detail.noFeatures")} />
        <SmallTable caption={t("detail.slices")} columns={slices} rows={detail.slices} keyOf={(one) => `${one.by} ${one.value}`} empty={t("detail.noSlices")} />
      </div>
    </Card>
  );
}

const line = (bins: readonly LearnedBin[]) => bins.map((bin) => [bin.said / 10, bin.came / 10]);

/** What was said against what came: on the diagonal a chance means what it says. */
function Reliability({ bins, since }: { bins: readonly LearnedBin[]; since: readonly LearnedBin[] }) {
  const { t } = useTranslation("order-risks");
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 16, top: 32, bottom: 24, containLabel: true },
      legend: { top: 0 },
      tooltip: { trigger: "item" },
      xAxis: { type: "value", name: t("detail.said"), nameLocation: "middle", nameGap: 26, min: 0, max: 100, axisLabel: { formatter: "{value}%" } },
      yAxis: { type: "value", name: t("detail.came"), min: 0, max: 100, axisLabel: { formatter: "{value}%" } },
      series: [
        { type: "line", name: t("detail.held"), data: line(bins), symbolSize: 7 },
        ...(since.length > 0
          ? [{ type: "line" as const, name: t("detail.since"), data: line(since), lineStyle: { type: "dashed" as const } }]
          : []),
        { type: "line", name: t("detail.ideal"), showSymbol: false, silent: true, data: [[0, 0], [100, 100]], lineStyle: { type: "dotted", width: 1 } },
      ],
    }),
    [bins, since, t],
  );
  return (
    <Chart
      label={t("detail.reliability")}
      option={option}
      table={{
        head: [t("detail.said"), t("detail.came"), t("detail.rows")],
        rows: bins.map((bin) => [percent(bin.said, 1), percent(bin.came, 1), count(bin.rows)]),
      }}
    />
  );
}

function Acts({ detail }: { detail: LearnedModelDetail }) {
  const { t } = useTranslation("order-risks");
  const mayWrite = useMay("forecast.write");
  const confirm = useConfirm();
  const { done, failed } = useNotice();
  const { model } = detail;
  const send = async (what: "promote" | "retire") => {
    const isMeant = await confirm({
      title: t(`acts.${what}.title`, { target: t(`targets.${model.target}`) }),
      text: t(`acts.${what}.text`),
      act: t(`acts.${what}.act`),
      isDanger: what === "retire",
    });
    if (!isMeant) return;
    try {
      await ask(`/v1/learning/models/${model.id}/${what}`, { method: "POST", json: {} });
      done(t(`acts.${what}.done`));
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: KEY });
  };
  if (!mayWrite) return null;
  return (
    <>
      {["challenger", "fallen"].includes(model.state) && (
        <Button size="small" onClick={() => void send("promote")}>
          {t("acts.promote.act")}
        </Button>
      )}
      {["challenger", "champion", "fallen"].includes(model.state) && (
        <Button size="small" onClick={() => void send("retire")}>
          {t("acts.retire.act")}
        </Button>
      )}
    </>
  );
}
