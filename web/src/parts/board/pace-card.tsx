import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Overview, Pace } from "@/api/types.gen";
import { brief, count, decimal, timeOfDay } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { useLook } from "@/theme/look";
import { type Look, tokensOf } from "@/theme/tokens";

const MINUTE_MS = 60_000;
const DAY_MIN = 1_440;
const LABEL_HOURS = 4;
type Points = (readonly [at_ms: number, value: number])[];

interface Props {
  board: Overview;
  height_px?: number;
  /** Size of the words on the axes. */
  axis_px?: number;
}

/** 每分钟订单: the day so far before what is usual on this weekday. */
export function PaceCard({ board, height_px = 190, axis_px = 11 }: Props) {
  const { t } = useTranslation("overview");
  const { look } = useLook();
  const { pace } = board;
  const title = t("pace.title");
  const option = useMemo(
    () => optionOf(pace, board.as_of, look, axis_px),
    [pace, board.as_of, look, axis_px],
  );
  const isWeek = board.range === "7d";
  return (
    <Card
      title={title}
      note={isWeek ? t("pace.note7d") : pace.band ? t("pace.band") : t("pace.young")}
      extra={
        <span className="pace-now">
          <b className="primary" data-live>
            {count(Math.round(pace.latest))}
          </b>{" "}
          <span className="note">
            {t("pace.now")} · {t("pace.peak", { peak: count(Math.round(pace.peak)) })}
            {pace.peak_at && t("pace.at", { at: isWeek ? brief(pace.peak_at) : timeOfDay(pace.peak_at).slice(0, 5) })}
          </span>
        </span>
      }
    >
      <Chart
        label={title}
        option={option}
        height_px={height_px}
        table={{
          head: [t("pace.time"), t("pace.rate")],
          rows: pace.values.map((value, at) => [
            isWeek ? `${brief(momentOf(pace, at))} ${timeOfDay(momentOf(pace, at)).slice(0, 5)}` : timeOfDay(momentOf(pace, at)).slice(0, 5),
            decimal(value, 1),
          ]),
        }}
      />
    </Card>
  );
}

const momentOf = (pace: Pace, at: number) =>
  new Date(pace.begin).getTime() + at * pace.step_min * MINUTE_MS;

function optionOf(pace: Pace, asOf: string, look: Look, fontSize: number): ChartOption {
  const t = tokensOf(look);
  const begin = new Date(pace.begin).getTime();
  const now = new Date(asOf).getTime();
  const isDay = pace.step_min < 60;
  const end = begin + (isDay ? DAY_MIN : pace.values.length * pace.step_min) * MINUTE_MS;
  const values: Points = pace.values.map((value, at) => [Math.min(now, momentOf(pace, at)), value]);
  const band = pace.band;
  const at = (index: number) => begin + index * pace.step_min * MINUTE_MS;
  const usual = (list: readonly number[] | undefined): Points =>
    (list ?? []).map((value, index) => [at(index), value]);
  const ahead = usual(band?.mean).filter(([moment]) => moment >= now);
  const last = values.at(-1);
  const wide = band ? band.high.map((high, index) => high - (band.low[index] ?? 0)) : undefined;
  const plain = { type: "line", showSymbol: false, silent: true, tooltip: { show: false } };
  return {
    xAxis: {
      type: "time",
      min: begin,
      max: end,
      interval: isDay ? LABEL_HOURS * 60 * MINUTE_MS : DAY_MIN * MINUTE_MS,
      axisLabel: {
        fontSize,
        // The axis runs in the browser's time; the labels are Shanghai's.
        formatter: (moment: number) =>
          isDay ? (moment === end ? "24:00" : timeOfDay(moment).slice(0, 5)) : brief(moment, 0),
        hideOverlap: true,
      },
      axisLine: { show: false },
      splitLine: { show: false },
    },
    yAxis: { type: "value", min: 0, splitNumber: 3, axisLabel: { fontSize, formatter: (n: number) => count(n) } },
    tooltip: {
      trigger: "axis",
      valueFormatter: (value: unknown) => decimal(Number(value), 1),
    },
    series: [
      ...(band
        ? [
            { ...plain, data: usual(band.low), stack: "band", lineStyle: { opacity: 0 } },
            {
              ...plain,
              data: usual(wide),
              stack: "band",
              lineStyle: { opacity: 0 },
              areaStyle: { color: t.primary, opacity: 0.09 },
            },
            {
              ...plain,
              data: ahead,
              lineStyle: { color: t.primary, width: 1.2, type: [3, 4], opacity: 0.7 },
            },
          ]
        : []),
      {
        type: "line",
        showSymbol: false,
        data: values,
        lineStyle: { color: t.primary, width: 2 },
        itemStyle: { color: t.primary },
        ...(last && {
          markPoint: {
            symbol: "circle",
            symbolSize: 7,
            silent: true,
            label: { show: false },
            itemStyle: { color: t.primary },
            data: [{ coord: [...last] }],
          },
        }),
        ...(isDay && {
          markLine: {
            symbol: "none",
            silent: true,
            label: { show: false },
            lineStyle: { color: t.line2, type: [2, 3] },
            data: [{ xAxis: now }],
          },
        }),
      },
    ],
  };
}
