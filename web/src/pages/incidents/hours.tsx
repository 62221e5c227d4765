import { useTranslation } from "react-i18next";
import type { FindingHour } from "@/api/types.gen";
import { count } from "@/format";
import { timeOfDay } from "@/format/times";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";

const HOUR_MS = 3_600_000;
const SHOWN = 24;

/** 近 24 小时: what was found and what ended, hour by hour. */
export function Hours({ hours, asOf }: { hours: readonly FindingHour[]; asOf: string }) {
  const { t } = useTranslation("incidents");
  const last = Math.floor(Date.parse(asOf) / HOUR_MS);
  const known = new Map(hours.map((one) => [Math.floor(Date.parse(one.hour) / HOUR_MS), one]));
  const all = Array.from({ length: SHOWN }, (_, at) => {
    const hour = last - SHOWN + 1 + at;
    const one = known.get(hour);
    return {
      name: timeOfDay(hour * HOUR_MS).slice(0, 5),
      found: one?.found ?? 0,
      ended: one?.ended ?? 0,
    };
  });
  const sum = (key: "found" | "ended") => all.reduce((n, one) => n + one[key], 0);
  const series = (["found", "ended"] as const).map((key) => ({
    type: "bar" as const,
    name: t(key === "found" ? "found" : "endedBar"),
    data: all.map((one) => one[key]),
  }));
  return (
    <Card
      title={t("hours")}
      note={t("hoursNote", { found: count(sum("found")), ended: count(sum("ended")) })}
    >
      <Chart
        label={t("hours")}
        height_px={180}
        option={{
          grid: { left: 36, right: 8, top: 24, bottom: 24 },
          legend: { right: 0, top: 0 },
          xAxis: { type: "category", data: all.map((one) => one.name) },
          yAxis: { type: "value", min: 0, minInterval: 1 },
          series,
        }}
        table={{
          head: [t("hour"), t("found"), t("endedBar")],
          rows: all.map((one) => [one.name, count(one.found), count(one.ended)]),
        }}
      />
    </Card>
  );
}
