import type { HealthBoard, HealthRow, HealthTile } from "@/api/types.gen";
import { count, decimal, duration, type Tile } from "@/format";

export const PATH = "/v1/health-board";
export const KEY = ["health-board"] as const;
export type Range = "5m" | "1h" | "24h";
export const RANGES: readonly Range[] = ["5m", "1h", "24h"];
/** The levels that people are told of, the gravest first. */
export const LEVELS = ["red", "yellow", "blue"] as const;
export type Level = (typeof LEVELS)[number];

const PLACES: Record<string, number> = { ms: 1, us: 0, s: 1, percent: 2, count: 0 };

/** A level that people are told of; normal is none. */
export function levelOf(level: string): Level | undefined {
  return LEVELS.find((one) => one === level);
}

/** A value with as many digits as its unit has; 0.042 % keeps those that say something. */
export function figure(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "—";
  const digits = unit === "percent" && value > 0 && value < 1 ? 3 : (PLACES[unit] ?? 0);
  if (unit === "s" && value >= 60) return duration(value * 1000);
  return decimal(value, value >= 100 && unit !== "percent" ? 0 : digits);
}

/** A threshold as somebody wrote it: 50, 99.9, 15 min. */
export function limit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "—";
  if (unit === "s" && value >= 60) return duration(value * 1000);
  return decimal(value, (String(value).split(".")[1] ?? "").length);
}

/** A value and the word of its unit, for a tile. */
export function tileOf(tile: HealthTile, word: string): Tile {
  const value = figure(tile.value, tile.unit);
  const isBare = value === "—" || (tile.unit === "s" && (tile.value ?? 0) >= 60);
  const unit = isBare ? "" : word;
  return { value, unit, exact: `${value} ${unit}`.trim() };
}

/** 3.9 ms of microseconds, 48 µs where it is less than one. */
export function took(us: number | null | undefined, words: (unit: string) => string): string {
  if (us === null || us === undefined) return "—";
  if (us < 1_000) return `${count(Math.round(us))} ${words("us")}`;
  if (us < 1_000_000) return `${decimal(us / 1_000, us < 10_000 ? 1 : 0)} ${words("ms")}`;
  return `${decimal(us / 1_000_000, 1)} ${words("s")}`;
}

/** The points that were measured; a line of fewer than two is none. */
export function points(tile: HealthTile): number[] {
  return tile.spark.filter((one): one is number => one !== null);
}

/** What burns, the gravest first, and of equals in the order of the board. */
export function burning(board: HealthBoard): HealthTile[] {
  return LEVELS.flatMap((level) => board.tiles.filter((tile) => tile.level === level));
}

/** Whether somebody should look at a row. */
export function isAiling(row: HealthRow): boolean {
  return row.state !== "normal" && row.state !== "silent";
}
