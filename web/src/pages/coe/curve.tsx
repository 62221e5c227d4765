import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CoeReviewBody } from "@/api/types.gen";
import { count, dayName, share } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";

/** Eight weeks of promises kept. */
export function Curve({ body }: { body: CoeReviewBody }) {
  const { t } = useTranslation("coe");
  const label = t("curve");
  const kept = (point: CoeReviewBody["curve"][number]) =>
    point.judged ? (point.kept ?? 0) / point.judged : null;
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 12, top: 16, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: body.curve.map((one) => dayName(one.since_ms)) },
      yAxis: { type: "value", max: 100, axisLabel: { formatter: "{value}%" } },
      series: [
        {
          type: "line",
          name: t("curve"),
          data: body.curve.map((one) => {
            const share_ = kept(one);
            return share_ === null ? null : Math.round(share_ * 1_000) / 10;
          }),
        },
      ],
    }),
    [body.curve, t],
  );
  return (
    <Card title={label}>
      <Chart
        label={label}
        option={option}
        table={{
          head: [t("columns.week"), t("columns.kept"), t("columns.judged")],
          rows: body.curve.map((one) => [
            dayName(one.since_ms),
            share(kept(one), 1),
            count(one.judged),
          ]),
        }}
      />
    </Card>
  );
}
