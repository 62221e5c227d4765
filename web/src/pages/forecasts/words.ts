import type { ForecastLine, ForecastSpan } from "@/api/types.gen";
import { count, decimal } from "@/format";

export const KEY = ["forecasts"] as const;
const MILLI = 1_000;
const FEW = 10;

/** Thousandths of a unit as units: whole ones, small ones with a digit. */
export function units(milli: number): string {
  const value = milli / MILLI;
  return value >= FEW || value === 0 ? count(Math.round(value)) : decimal(value, 1);
}

/** The bounds of an interval: whole units, since halves are not sold. */
export function bounds(low: number, high: number): string {
  return `${count(Math.floor(low / MILLI))}–${count(Math.ceil(high / MILLI))}`;
}

/** Thousandths with so many digits. */
export function ratio(thousandths: number, digits = 2): string {
  return decimal(thousandths / MILLI, digits);
}

export function spanOf(line: ForecastLine, days: number): ForecastSpan | undefined {
  return line.spans.find((one) => one.days === days);
}

export function keyOf(line: { place: string; sku: string }): string {
  return `${line.place}\n${line.sku}`;
}
