import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { NetworkDetail, NetworkRow, NetworkSource } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count, money } from "@/format";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { chance, goods, KEY, units } from "./words";

const MILLI = 1_000;
const MIDDLE = 3;

/** A SKU in a warehouse: what will be left by day, and where more could come from. */
export function Detail({ row, onClose }: { row: NetworkRow; onClose: () => void }) {
  const { t } = useTranslation("network");
  const found = useQuery({
    queryKey: [...KEY, "row", row.warehouse, row.sku],
    queryFn: ({ signal }) =>
      fetchJson<NetworkDetail>(`/v1/network/row?${query({ warehouse: row.warehouse, sku: row.sku })}`, { signal }),
  });
  return (
    <Peek title={goods(row.sku_name, row.sku)} isOpen onClose={onClose} to={`/stock/${encodeURIComponent(row.sku)}`}>
      <dl className="network-facts">
        <dt>{t("columns.warehouse")}</dt>
        <dd>{row.warehouse_name || row.warehouse}</dd>
        <dt>{t("columns.onHand")}</dt>
        <dd>{t("stockLine", { onHand: count(row.on_hand), reserved: count(row.reserved), safety: count(row.safety) })}</dd>
        <dt>{t("columns.transit")}</dt>
        <dd>{count(row.in_transit)}</dd>
        <dt>{t("columns.daily")}</dt>
        <dd>{units(row.daily_milli)}</dd>
        <dt>{t("columns.outDay")}</dt>
        <dd>{row.out_day || t("notWithin")}</dd>
        <dt>{t("columns.chance7")}</dt>
        <dd>{chance(row.chance_7)}</dd>
      </dl>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="card" rows={4} />}
      {found.data && <Left detail={found.data} />}
      {found.data && <Sources sources={found.data.sources} />}
    </Peek>
  );
}

/** Stock left by day: bands of 95, 80 and 50 %, the middle, and the middle with the moves. */
function Left({ detail }: { detail: NetworkDetail }) {
  const { t } = useTranslation("network");
  const label = t("leftByDay");
  const { days } = detail;
  const option = useMemo<ChartOption>(() => {
    const at = (n: number) => days.map((day) => Math.round((day.left[n] ?? 0) / MILLI));
    const band = (low: number, high: number, opacity: number) => [
      { type: "line" as const, stack: `b${low}`, symbol: "none", lineStyle: { opacity: 0 }, data: at(low), silent: true },
      {
        type: "line" as const,
        stack: `b${low}`,
        symbol: "none",
        lineStyle: { opacity: 0 },
        areaStyle: { opacity },
        data: at(high).map((top, n) => top - (at(low)[n] ?? 0)),
        silent: true,
      },
    ];
    const middle = { type: "line" as const, name: t("without"), symbol: "none", data: at(MIDDLE) };
    const then = {
      type: "line" as const,
      name: t("with"),
      symbol: "none",
      lineStyle: { type: "dashed" as const },
      data: days.map((day) => Math.round(Math.max(day.then, 0) / MILLI)),
    };
    const hasMoves = days.some((day) => day.then >= 0);
    return {
      grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
      legend: { top: 0, data: hasMoves ? [t("without"), t("with")] : [t("without")] },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: days.map((day) => day.day.slice(5)) },
      yAxis: { type: "value", min: 0 },
      series: [...band(0, 6, 0.1), ...band(1, 5, 0.14), ...band(2, 4, 0.2), middle, ...(hasMoves ? [then] : [])],
    };
  }, [days, t]);
  if (days.length === 0) return <p className="note">{t("noDays")}</p>;
  return (
    <>
      <h3 className="network-h3">{label}</h3>
      <Chart
        label={label}
        option={option}
        table={{
          head: [t("day"), "10 %", "50 %", "90 %", t("with")],
          rows: days.map((day) => [
            day.day,
            ...[1, MIDDLE, 5].map((n) => units(day.left[n] ?? 0)),
            day.then < 0 ? "—" : units(day.then),
          ]),
        }}
      />
    </>
  );
}

function Sources({ sources }: { sources: readonly NetworkSource[] }) {
  const { t } = useTranslation("network");
  const columns: SmallColumn<NetworkSource>[] = [
    { key: "from", title: t("columns.from"), render: (one) => one.warehouse },
    { key: "quantity", title: t("columns.quantity"), render: (one) => count(one.quantity), isNumber: true },
    { key: "worth", title: t("columns.worth"), render: (one) => money(one.worth_fen), isNumber: true },
    { key: "after", title: t("columns.after"), render: (one) => chance(one.after), isNumber: true },
    {
      key: "why",
      title: t("columns.why"),
      render: (one) => (one.taken ? t("taken") : t(`whyNot.${one.why_not}`)),
    },
  ];
  return (
    <>
      <h3 className="network-h3">{t("sources")}</h3>
      <SmallTable
        caption={t("sources")}
        columns={columns}
        rows={sources}
        keyOf={(one) => `${one.warehouse} ${one.taken}`}
        empty={t("noSources")}
      />
    </>
  );
}
