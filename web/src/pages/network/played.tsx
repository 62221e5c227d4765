import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { NetworkPlayed, NetworkPolicy } from "@/api/types.gen";
import { count, decimal, money, share } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { change, span } from "./words";

const MILLI = 1_000;
const DASHES: ("solid" | "dashed" | "dotted" | number[])[] = ["solid", "dashed", "dotted", [8, 3, 2, 3]];

interface Line {
  scene: "now" | "then";
  policy: NetworkPolicy;
}

/** What a scenario came to: policies now and then, with intervals; units short by day. */
export function Played({ played }: { played: NetworkPlayed }) {
  const { t } = useTranslation("network");
  const lines: Line[] = (["now", "then"] as const).flatMap((scene) =>
    played[scene].map((policy) => ({ scene, policy })),
  );
  const columns: SmallColumn<Line>[] = [
    { key: "scene", title: t("compare.scene"), render: (one) => t(`scenes.${one.scene}`) },
    { key: "policy", title: t("compare.policy"), render: (one) => t(`policies.${one.policy.policy}`) },
    { key: "short", title: t("compare.short"), render: (one) => span(one.policy.short), isNumber: true },
    {
      key: "change",
      title: t("compare.change"),
      render: (one) => (one.policy.policy === "base_stock" ? "—" : change(one.policy.short_change)),
      isNumber: true,
    },
    {
      key: "fill",
      title: t("compare.fill"),
      render: (one) => share(one.policy.fill.mean / MILLI, 1),
      isNumber: true,
    },
    { key: "lost", title: t("compare.lost"), render: (one) => count(one.policy.lost), isNumber: true },
    {
      key: "stock",
      title: t("compare.stock"),
      render: (one) => `${count(one.policy.stock)} (${change(one.policy.stock_change)})`,
      isNumber: true,
    },
    { key: "turns", title: t("compare.turns"), render: (one) => decimal(one.policy.turns / MILLI, 1), isNumber: true },
    { key: "moved", title: t("compare.moved"), render: (one) => count(one.policy.moved), isNumber: true },
    { key: "moveCost", title: t("compare.moveCost"), render: (one) => money(one.policy.move_fen), isNumber: true },
    {
      key: "total",
      title: t("compare.total"),
      render: (one) => money(Math.round(one.policy.total_fen.mean / MILLI)),
      isNumber: true,
    },
  ];
  return (
    <>
      <Card
        title={played.scenario.title || t("untitled")}
        note={t("playedNote", {
          days: count(played.days),
          from: played.first_day,
          skus: count(played.skus),
          seeds: count(played.seeds),
        })}
        isFlush
      >
        <SmallTable
          caption={t("compare.caption")}
          columns={columns}
          rows={lines}
          keyOf={(one) => `${one.scene} ${one.policy.policy}`}
          empty=""
        />
      </Card>
      <ByDay played={played} />
    </>
  );
}

function ByDay({ played }: { played: NetworkPlayed }) {
  const { t } = useTranslation("network");
  const label = t("shortByDay");
  const shown = useMemo(
    () =>
      (["now", "then"] as const).flatMap((scene) =>
        played[scene]
          .filter((one) => one.policy === "ours" || one.policy === "base_stock")
          .map((one) => ({ name: `${t(`scenes.${scene}`)} · ${t(`policies.${one.policy}`)}`, data: one.by_day })),
      ),
    [played, t],
  );
  const days = useMemo(() => {
    const first = Date.parse(played.first_day);
    return Array.from({ length: played.days }, (_, n) => new Date(first + n * 86_400 * MILLI).toISOString().slice(5, 10));
  }, [played]);
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 12, top: 48, bottom: 8, containLabel: true },
      legend: { top: 0 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: days },
      yAxis: { type: "value" },
      series: shown.map((one, n) => ({
        type: "line",
        name: one.name,
        showSymbol: false,
        lineStyle: { type: DASHES[n] ?? "solid" },
        data: [...one.data],
      })),
    }),
    [days, shown],
  );
  return (
    <Card title={label} note={t("shortByDayNote", { units: count(played.units) })}>
      <Chart
        label={label}
        option={option}
        table={{
          head: [t("day"), ...shown.map((one) => one.name)],
          rows: days.map((day, n) => [day, ...shown.map((one) => count(one.data[n]))]),
        }}
      />
    </Card>
  );
}
