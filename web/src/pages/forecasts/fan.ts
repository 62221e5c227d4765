import type { ForecastDetail } from "@/api/types.gen";
import type { ChartOption } from "@/parts/chart-engine";
import { type Look, seriesOf } from "@/theme/tokens";

const MILLI = 1_000;
/** Bounds of the bands in the quantiles of a day, the widest first, and how strong their tint is. */
const BANDS = [
  [0, 6, 95, 0.12],
  [1, 5, 80, 0.16],
  [2, 4, 50, 0.22],
] as const;

interface FanWords {
  past: string;
  mean: string;
  low: string;
  band: (percent: number) => string;
}

/** The past as a line, the mean dashed, three bands of what may come; promotions as areas. */
export function fan(one: ForecastDetail, words: FanWords, look: Look): ChartOption {
  const [colour = "", second = ""] = seriesOf(look);
  const days = [...one.past.map((each) => each.day), ...one.days.map((each) => each.day)];
  const behind = one.past.map(() => null);
  const at = (n: number) => one.days.map((day) => (day.quantiles_milli[n] ?? 0) / MILLI);
  const bands = BANDS.flatMap(([low, high, percent, opacity]) => {
    const bottom = at(low);
    const top = at(high);
    const plain = { type: "line", showSymbol: false, silent: true, stack: `band${percent}`, lineStyle: { opacity: 0 } };
    return [
      { ...plain, name: `${words.low} ${percent}`, data: [...behind, ...bottom], tooltip: { show: false } },
      {
        ...plain,
        name: words.band(percent),
        data: [...behind, ...top.map((value, n) => value - (bottom[n] ?? 0))],
        areaStyle: { color: colour, opacity },
        itemStyle: { color: colour, opacity: opacity * 2 },
        tooltip: { show: false },
      },
    ];
  });
  const promoted = one.promotions
    .filter((each) => each.last_day >= (days[0] ?? "") && each.first_day <= (days.at(-1) ?? ""))
    .map((each) => [
      { name: each.name, xAxis: days.find((day) => day >= each.first_day) },
      { xAxis: days.findLast((day) => day <= each.last_day) },
    ]);
  return {
    grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
    legend: {
      top: 0,
      data: [
        words.past,
        words.mean,
        ...BANDS.map(([, , percent]) => ({ name: words.band(percent), icon: "roundRect" })),
      ],
    },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: days },
    yAxis: { type: "value", min: 0 },
    series: [
      ...bands,
      {
        type: "line",
        name: words.past,
        showSymbol: false,
        itemStyle: { color: colour },
        data: [...one.past.map((each) => each.units), ...one.days.map(() => null)],
        markArea: { silent: true, itemStyle: { color: second, opacity: 0.15 }, data: promoted },
      },
      {
        type: "line",
        name: words.mean,
        showSymbol: false,
        itemStyle: { color: colour },
        lineStyle: { type: "dashed" },
        data: [...behind, ...one.days.map((each) => each.mean_milli / MILLI)],
      },
    ],
  };
}
