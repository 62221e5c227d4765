import type { PromiseState } from "@/parts/status-tag";

/** An order in the workbench, as the hub lists it: money in 分, instants RFC 3339, "" = none. */
export interface OrderRow {
  order: string;
  number: string;
  channel: string;
  state: string;
  holds: readonly string[];
  title: string;
  quantity: number;
  lines: number;
  paid: number;
  total: number;
  currency: string;
  province: string;
  place: string;
  region: string;
  warehouse: string;
  warehouse_name: string;
  short: boolean;
  promise: string;
  started: string;
  due: string;
  clock: string;
  placed: string;
  tags: readonly string[];
  assignee: { person: string; number: string; name: string } | null;
}

export interface OrderPage {
  items: readonly OrderRow[];
  next: string;
  sort: string;
  took_ms: number;
  now: string;
}

export interface Total {
  count: number;
  exact: boolean;
  took_ms: number;
}

interface Choice {
  code: string;
  name: string;
}

/** What filters can be given. */
export interface Words {
  channels: readonly Choice[];
  warehouses: readonly Choice[];
  provinces: readonly Choice[];
  regions: readonly Choice[];
  tags: readonly string[];
  people: readonly { person: string; number: string; name: string }[];
  me: string;
}

/** The order's worst promise in the table's words; the engine says which. */
export function promiseOf(row: OrderRow): PromiseState | null {
  const word = row.promise === "running" && row.clock === "warned" ? "warned" : row.promise;
  return word && word !== "none" ? (word as PromiseState) : null;
}

export const STAGES = [
  "placed",
  "confirmed",
  "paid",
  "allocated",
  "released",
  "picked",
  "packed",
  "shipped",
  "delivered",
  "completed",
  "held",
  "cancelled",
] as const;
