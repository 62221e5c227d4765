import { useTranslation } from "react-i18next";
import type { ProposalDay } from "@/api/types.gen";
import { decimal } from "@/format";
import { Chart } from "@/parts/chart";
import { useLook } from "@/theme/look";
import { tokensOf } from "@/theme/tokens";

const MILLI = 1_000;
const MIDDLE = 3;
/** Bands by the places of their quantiles, the widest first. */
const BANDS = [
  [0, 6],
  [1, 5],
  [2, 4],
] as const;
const SHADE = 0.16;

function units(milli: number | null | undefined): number | null {
  return milli === null || milli === undefined ? null : milli / MILLI;
}

/** The days with and without the action: what is known, the fan if nothing is done, the way with it. */
export function Fan({ days, unit }: { days: readonly ProposalDay[]; unit: string }) {
  const { t } = useTranslation("agent");
  const { look } = useLook();
  const tokens = tokensOf(look);
  const names = days.map((day) => day.day.slice(5));
  const today = days.findLastIndex((day) => day.known !== null);
  const bands = BANDS.flatMap(([low, high]) => [
    {
      type: "line",
      stack: `${low}`,
      silent: true,
      lineStyle: { opacity: 0 },
      tooltip: { show: false },
      data: days.map((day) => units(day.without[low])),
    },
    {
      type: "line",
      stack: `${low}`,
      silent: true,
      lineStyle: { opacity: 0 },
      tooltip: { show: false },
      areaStyle: { color: tokens.primary, opacity: SHADE },
      data: days.map((day) => {
        const [below, above] = [day.without[low], day.without[high]];
        return below === undefined || above === undefined ? null : (above - below) / MILLI;
      }),
    },
  ]);
  const option = {
    grid: { left: 48, right: 16, top: 24, bottom: 28 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: names, boundaryGap: false },
    yAxis: { type: "value", min: 0 },
    series: [
      ...bands,
      {
        type: "line",
        name: t("fan.known"),
        data: days.map((day) => units(day.known)),
        color: tokens.primary,
        markLine:
          today >= 0
            ? {
                silent: true,
                symbol: "none",
                lineStyle: { type: "dashed", color: tokens.line2 },
                label: { formatter: t("fan.today"), color: tokens.ink3 },
                data: [{ xAxis: today }],
              }
            : undefined,
      },
      {
        type: "line",
        name: t("fan.without"),
        data: days.map((day) => units(day.without[MIDDLE])),
        color: tokens.broken,
        lineStyle: { type: "dashed" },
      },
      {
        type: "line",
        name: t("fan.with"),
        data: days.map((day) => units(day.with_action)),
        color: tokens.kept,
      },
    ],
  };
  const say = (milli: number | null | undefined) => {
    const value = units(milli);
    return value === null ? "—" : decimal(value, 0);
  };
  return (
    <>
      <p className="note">{t("fan.title", { unit: unit || t("fan.unit") })}</p>
      <Chart
        label={t("fan.label")}
        option={option}
        height_px={220}
        table={{
          head: [t("fan.day"), t("fan.known"), t("fan.without"), t("fan.range"), t("fan.with")],
          rows: days.map((day) => [
            day.day,
            say(day.known),
            say(day.without[MIDDLE]),
            day.without.length > 0 ? `${say(day.without[1])}–${say(day.without[5])}` : "—",
            say(day.with_action),
          ]),
        }}
      />
    </>
  );
}
