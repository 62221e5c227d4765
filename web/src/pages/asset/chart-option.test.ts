import { describe, expect, it } from "vitest";
import type { AssetColumn, AssetPage, ChartCells } from "@/api/types.gen";
import { draw } from "./chart-option";

const column = (name: string, role: string, unit = ""): AssetColumn => ({
  name,
  title: { zh: name, en: name },
  role,
  unit,
  level: 1,
  tolerant: false,
  words: [],
});

/** As much of an asset as its chart reads. */
function asset(chart: AssetPage["chart"], ...columns: AssetColumn[]): AssetPage {
  return { chart, columns } as unknown as AssetPage;
}

const cells = (columns: string[], ...rows: ChartCells["rows"]): ChartCells => ({
  columns,
  rows,
  total: rows.length,
  suppressed: 0,
  titles: { "A-1": "杯子" },
});

const said = { words: (_: string, value: unknown) => String(value), look: "light" as const };

describe("the chart of an asset", () => {
  it("draws a heat map with all hours, the greatest rows first, and leaves out what is not known", () => {
    const page = asset(
      { drawn: "heatmap", x: "hour", y: "province", value: "minutes", split: "" },
      column("province", "grain"),
      column("hour", "grain"),
      column("orders", "measure", "orders"),
      column("minutes", "measure", "minutes"),
    );
    const found = cells(
      ["hour", "province", "orders", "minutes"],
      [9, "上海", 1, 60],
      [9, "浙江", 5, 120],
      [10, "浙江", 5, null],
    );
    const drawing = draw({ ...said, page, cells: found, by: ["hour", "province"], value: "minutes" });
    const { xAxis, yAxis } = drawing.option as { xAxis: { data: string[] }; yAxis: { data: string[] } };
    expect(xAxis.data).toHaveLength(24);
    expect(yAxis.data).toEqual(["浙江", "上海"]);
    expect(drawing.marks).toEqual([
      { hour: 9, province: "上海" },
      { hour: 9, province: "浙江" },
    ]);
  });

  it("draws a funnel in the order of its stages, goods by their titles", () => {
    const page = asset(
      { drawn: "funnel", x: "stage", y: "", value: "orders", split: "" },
      column("stage", "grain"),
      column("sku", "grain"),
      column("orders", "measure", "orders"),
    );
    const stages = cells(["stage", "orders"], ["2_paid", 3], ["1_placed", 9]);
    const funnel = draw({ ...said, page, cells: stages, by: ["stage"], value: "orders" });
    expect(funnel.table.rows).toEqual([
      ["1_placed", "9"],
      ["2_paid", "3"],
    ]);
    expect(funnel.marks[1]).toEqual({ stage: "2_paid" });
    const goods = draw({ ...said, page, cells: cells(["sku", "orders"], ["A-1", 2]), by: ["sku"], value: "orders" });
    expect(goods.table.rows).toEqual([["杯子", "2"]]);
  });

  it("draws a line for each of the largest groups, with the cell behind each point", () => {
    const page = asset(
      { drawn: "lines", x: "day", y: "", value: "units", split: "channel" },
      column("day", "grain"),
      column("channel", "grain"),
      column("units", "measure", "units"),
    );
    const found = cells(["day", "channel", "units"], ["2026-11-02", "jd", 1], ["2026-11-01", "jd", 4], ["2026-11-01", "pdd", 9]);
    const drawing = draw({ ...said, page, cells: found, by: ["day", "channel"], value: "units" });
    const { series } = drawing.option as { series: { name: string; data: { name: string; value: number | null }[] }[] };
    expect(series.map((one) => one.name)).toEqual(["pdd", "jd"]);
    expect(series[1]?.data.map((one) => one.value)).toEqual([4, 1]);
    expect(drawing.marks[Number(series[1]?.data[0]?.name)]).toEqual({ day: "2026-11-01", channel: "jd" });
  });
});
