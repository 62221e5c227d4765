import type {
  Lane,
  MasterSummary,
  NewLane,
  NewRegion,
  NewSku,
  NewWarehouse,
  Region,
  Sku,
  Warehouse,
} from "@/api/types.gen";
import { ask } from "@/client";
import { queries } from "@/queries";

export type { Lane, MasterSummary, Region, Sku, Warehouse };

export const MASTERS_KEY = ["masters"] as const;
export const KINDS = ["skus", "warehouses", "regions", "lanes"] as const;
export type Kind = (typeof KINDS)[number];

/** A row of each kind, as it is listed. */
export interface Rows {
  skus: Sku;
  warehouses: Warehouse;
  regions: Region;
  lanes: Lane;
}
export type Row = Rows[Kind];

/** A row of each kind, as it is written. */
export type NewRow = NewSku | NewWarehouse | NewRegion | NewLane;

export interface Page {
  items: readonly Row[];
  next: string;
}

export const summaryQuery = {
  queryKey: [...MASTERS_KEY, "summary"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<MasterSummary>("/v1/masters/summary", { signal }),
};

/** What tells rows of a kind apart. */
export function keyOf(kind: Kind, row: Row): string {
  if (kind !== "lanes") return (row as Sku).code;
  const lane = row as Lane;
  return `${lane.warehouse} ${lane.region}`;
}

/** Write one row; what has its code is replaced. */
export async function save(kind: Kind, row: NewRow): Promise<void> {
  await ask(`/v1/${kind}`, { method: "PUT", json: [row] });
  await queries.invalidateQueries({ queryKey: MASTERS_KEY });
  await queries.invalidateQueries({ queryKey: ["warehouses"] });
}
