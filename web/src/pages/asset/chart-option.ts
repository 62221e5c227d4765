import type { AssetPage, ChartCells } from "@/api/types.gen";
import type { ChartTable } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { type Look, tokensOf } from "@/theme/tokens";
import { figure, measuresOf, titleOf, type Value, type ValueWords, type Where } from "./model";

export const BARS = 20;
const LINES = 6;
const ACROSS = 31;
const DOWN = 24;
const HOURS: readonly Value[] = Array.from({ length: 24 }, (_, hour) => hour);

/** What a chart draws: its option, the same as a table, and the cell that each mark stands for. */
export interface Drawing {
  option: ChartOption;
  table: ChartTable;
  marks: readonly Where[];
  /** Rows that stand one below the other. */
  down: number;
}

interface Asked {
  page: AssetPage;
  cells: ChartCells;
  /** The grains that it is drawn by: across, and down or apart. */
  by: readonly string[];
  value: string;
  words: ValueWords;
  look: Look;
}

type Row = ChartCells["rows"][number];

/** Draw cells as their asset says, by the grains that were asked for. */
export function draw(asked: Asked): Drawing {
  const { drawn } = asked.page.chart;
  if (asked.by.length === 2 && (drawn === "heatmap" || drawn === "matrix")) return drawMatrix(asked);
  if (drawn === "lines" && asked.by[0] === asked.page.chart.x) return drawLines(asked);
  return drawBars(asked);
}

/** Reads rows by the names of their columns. */
function reader({ cells, page, value, words }: Asked) {
  const places = new Map(cells.columns.map((name, at) => [name, at]));
  const read = (row: Row, name: string): Value => row[places.get(name) ?? -1] ?? null;
  const number = (row: Row) => {
    const found = read(row, value);
    return typeof found === "number" ? found : null;
  };
  const measure = measuresOf(page).find((column) => column.name === value);
  return {
    read,
    number,
    label: (name: string, code: Value) =>
      (name === "sku" || name === "with_sku" ? cells.titles[String(code)] : undefined) ?? words(name, code),
    say: (shown: Value) => (measure ? figure(measure, shown) : "—"),
    name: titleOf(measure),
    places: (row: Row, by: readonly string[]): Where =>
      Object.fromEntries(by.map((grain) => [grain, read(row, grain) ?? ""])),
  };
}

/** The grains of the asset that sort by themselves (days, hours, stages), the others by size. */
function sorted(values: readonly Value[]): Value[] {
  return [...new Set(values)].sort((a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1,
  );
}

/** The codes of the most cells, the largest first. */
function biggest(rows: readonly Row[], code: (row: Row) => Value, size: (row: Row) => number, most: number): Value[] {
  const sizes = new Map<Value, number>();
  for (const row of rows) sizes.set(code(row), (sizes.get(code(row)) ?? 0) + size(row));
  return [...sizes.entries()].sort((a, b) => b[1] - a[1]).slice(0, most).map(([found]) => found);
}

function drawMatrix(asked: Asked): Drawing {
  const { cells, by, look } = asked;
  const { read, number, label, say, name, places } = reader(asked);
  const [x = "", y = ""] = by;
  const first = asked.page.columns.find((column) => column.role === "measure")?.name ?? "";
  const size = (row: Row) => Number(read(row, first) ?? 0);
  const most = biggest(cells.rows, (row) => read(row, x), size, ACROSS);
  const across = x === "hour" ? HOURS : most.length < ACROSS ? sorted(most) : most;
  const down = biggest(cells.rows, (row) => read(row, y), size, DOWN);
  const shown = cells.rows.filter(
    (row) => number(row) !== null && across.includes(read(row, x)) && down.includes(read(row, y)),
  );
  const t = tokensOf(look);
  const values = shown.map((row) => number(row) ?? 0);
  const option: ChartOption = {
    grid: { left: 8, right: 12, top: 8, bottom: 44, containLabel: true },
    tooltip: {
      trigger: "item",
      formatter: (at: { dataIndex: number }) => {
        const row = shown[at.dataIndex];
        return row ? `${label(y, read(row, y))} · ${label(x, read(row, x))}\n${name} ${say(number(row))}` : "";
      },
    },
    xAxis: { type: "category", data: across.map((code) => short(label(x, code))), axisLabel: { hideOverlap: true } },
    yAxis: { type: "category", inverse: true, data: down.map((code) => short(label(y, code))), axisLabel: { interval: 0 } },
    visualMap: {
      min: Math.min(...values, 0),
      max: Math.max(...values, 1),
      calculable: false,
      orient: "horizontal",
      left: "right",
      bottom: 0,
      itemHeight: 90,
      itemWidth: 12,
      text: [say(Math.max(...values, 0)), say(Math.min(...values, 0))],
      textStyle: { color: t.ink3, fontSize: 11 },
      inRange: { color: [t.primarybg, t.primary] },
    },
    series: [
      {
        type: "heatmap",
        itemStyle: { borderColor: t.surface, borderWidth: 2, borderRadius: 3 },
        data: shown.map((row, at) => ({
          name: String(at),
          value: [across.indexOf(read(row, x)), down.indexOf(read(row, y)), number(row) ?? 0],
        })),
      },
    ],
  };
  return {
    option,
    table: {
      head: [titleAt(asked, y), titleAt(asked, x), name],
      rows: shown.map((row) => [label(y, read(row, y)), label(x, read(row, x)), say(number(row))]),
    },
    marks: shown.map((row) => places(row, by)),
    down: down.length,
  };
}

function drawBars(asked: Asked): Drawing {
  const { cells, by, page } = asked;
  const { read, number, label, say, name, places } = reader(asked);
  const [x = ""] = by;
  const isOrdered = page.chart.drawn === "funnel" || x === "hour" || x === "month" || x === "day";
  const rows = isOrdered
    ? sorted(cells.rows.map((row) => read(row, x))).flatMap((code) => {
        const found = cells.rows.find((row) => read(row, x) === code);
        return found ? [found] : [];
      })
    : cells.rows.slice(0, BARS);
  const option: ChartOption = {
    grid: { left: 8, right: 64, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "item",
      formatter: (at: { dataIndex: number }) => {
        const row = rows[at.dataIndex];
        return row ? `${label(x, read(row, x))}\n${name} ${say(number(row))}` : "";
      },
    },
    xAxis: { type: "value", axisLabel: { formatter: (shown: number) => say(shown), hideOverlap: true } },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((row) => short(label(x, read(row, x)))),
      axisLabel: { interval: 0 },
    },
    series: [
      {
        type: "bar",
        label: { show: true, position: "right", formatter: (at: { dataIndex: number }) => say(number(rows[at.dataIndex] ?? [])) },
        data: rows.map((row, at) => ({ name: String(at), value: number(row) ?? 0 })),
      },
    ],
  };
  return {
    option,
    table: {
      head: [titleAt(asked, x), name],
      rows: rows.map((row) => [label(x, read(row, x)), say(number(row))]),
    },
    marks: rows.map((row) => places(row, by)),
    down: rows.length,
  };
}

function drawLines(asked: Asked): Drawing {
  const { cells, by } = asked;
  const { read, number, label, say, name, places } = reader(asked);
  const [x = "", split = ""] = by;
  const across = sorted(cells.rows.map((row) => read(row, x)));
  const first = asked.page.columns.find((column) => column.role === "measure")?.name ?? "";
  const size = (row: Row) => Number(read(row, first) ?? 0);
  const drawn = biggest(cells.rows, (row) => (split ? read(row, split) : ""), size, LINES);
  const shown = cells.rows.filter((row) => !split || drawn.includes(read(row, split)));
  const option: ChartOption = {
    grid: { left: 8, right: 16, top: split ? 36 : 16, bottom: 4, containLabel: true },
    legend: split ? { top: 0, type: "plain" } : undefined,
    tooltip: { trigger: "axis", valueFormatter: (value: number) => say(value) },
    xAxis: { type: "category", data: across.map((code) => label(x, code)) },
    yAxis: { type: "value", axisLabel: { formatter: (value: number) => say(value) } },
    series: drawn.map((code) => ({
      type: "line",
      name: split ? label(split, code) : name,
      showSymbol: true,
      connectNulls: true,
      data: across.map((at) => {
        const index = shown.findIndex((row) => read(row, x) === at && (!split || read(row, split) === code));
        const row = shown[index];
        return { name: String(index), value: row ? number(row) : null };
      }),
    })),
  };
  return {
    option,
    table: {
      head: [titleAt(asked, x), ...(split ? [titleAt(asked, split)] : []), name],
      rows: shown.map((row) => [...by.map((grain) => label(grain, read(row, grain))), say(number(row))]),
    },
    marks: shown.map((row) => places(row, by)),
    down: 0,
  };
}

function titleAt({ page }: Asked, grain: string): string {
  return titleOf(page.columns.find((column) => column.name === grain));
}

const LABEL = 12;

function short(text: string): string {
  return text.length > LABEL ? `${text.slice(0, LABEL)}…` : text;
}
