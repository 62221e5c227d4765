import { ask } from "@/client";
import { query } from "@/parts/use-asked";
import type { SkuStock, StockMove, Warehouse } from "@/api/types.gen";
import { queries } from "@/queries";

export const STOCK_KEY = ["stock"] as const;
/** Storage classes by their bit, as words of `stock.json`. */
export const STORAGES = [1, 2, 4, 8, 16] as const;

export interface MovePage {
  items: readonly StockMove[];
  next: string;
}

export const skuQuery = (sku: string) => ({
  queryKey: [...STOCK_KEY, "sku", sku],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<SkuStock>(`/v1/stock/sku?${query({ sku })}`, { signal }),
});

export const warehousesQuery = {
  queryKey: ["warehouses"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<{ items: readonly Warehouse[] }>("/v1/warehouses?limit=200", { signal }),
  staleTime: 60_000,
};

export type Figure = "on_hand" | "safety" | "in_transit";
export const FIGURES: readonly Figure[] = ["on_hand", "safety", "in_transit"];

/**
 * Change a figure by a difference, so that what orders took meanwhile is not written over. Taking it
 * back is the same with the other sign.
 */
export async function move(
  sku: string,
  warehouse: string,
  figure: Figure,
  by: number,
  reason: string,
): Promise<void> {
  await ask("/v1/stock/movements", {
    method: "POST",
    json: { warehouse, lines: [{ sku, [figure]: by }], reason },
  });
  await queries.invalidateQueries({ queryKey: STOCK_KEY });
}

/** Set what a channel may sell in a warehouse; -1 lifts it. */
export async function setQuota(
  sku: string,
  warehouse: string,
  channel: string,
  cap: number,
): Promise<void> {
  await ask("/v1/quotas", { method: "PUT", json: { warehouse, sku, channel, cap } });
  await queries.invalidateQueries({ queryKey: STOCK_KEY });
}
