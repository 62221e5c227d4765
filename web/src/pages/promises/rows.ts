import { useTranslation } from "react-i18next";
import type { PromiseState } from "@/parts/status-tag";

/** One promise of one order, as the hub lists it. */
export interface PromiseRow {
  order: string;
  number: string;
  order_state: string;
  code: string;
  name_zh: string;
  name_en: string;
  state: PromiseState;
  channel: string;
  warehouse: string;
  warehouse_name: string;
  carrier: string;
  started: string;
  due: string;
  at: string;
  gap_ms: number;
  warned: number;
  /** The deadline before the customer agreed to another; "" for none. */
  before: string;
}

export interface PromisePage {
  items: readonly PromiseRow[];
  next: string;
  looked: number;
}

/** Running clocks of a group by what is left of them. */
export interface OpenGroup {
  key: string;
  name_zh: string;
  name_en: string;
  total: number;
  overdue: number;
  in_30m: number;
  in_2h: number;
  in_8h: number;
  in_24h: number;
  soonest: string;
}

/** Verdicts of a group. */
export interface DecidedGroup {
  key: string;
  name_zh: string;
  name_en: string;
  total: number;
  kept: number;
  broken: number;
  late: number;
  borderline: number;
  excused: number;
  worst_ms: number;
}

export const GROUPINGS = ["warehouse", "channel", "code", "carrier"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A running clock that has passed a warning mark is 临期; the engine counts the marks. */
export function stateOf(row: PromiseRow): PromiseState {
  return row.state === "running" && row.warned > 0 ? "warned" : row.state;
}

/** The clause's name in the person's language. */
export function useClauseName(): (row: PromiseRow) => string {
  const { i18n } = useTranslation();
  return (row) => (i18n.language === "en" ? row.name_en || row.name_zh : row.name_zh);
}
