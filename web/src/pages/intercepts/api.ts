import type { Block, BlockMade, BlockPage, InterceptReleased, NewBlock, StopPage } from "@/api/types.gen";
import { ask } from "@/client";
import { query } from "@/parts/use-asked";

const AT = "/v1/intercepts";
export const KEY = ["intercepts"] as const;
export const SUMMARY_KEY = [...KEY, "summary"] as const;
export const STATES = ["held", "released", "cancelled", "all"] as const;
export type State = (typeof STATES)[number];
export const REASONS = [
  "real_buyer",
  "address_confirmed",
  "price_right",
  "quantity_wanted",
  "not_listed",
  "other",
] as const;
export type Reason = (typeof REASONS)[number];
export type Stop = StopPage["items"][number];
export type { Block };

export const readStops = (state: State, rule: string, cursor: string, signal: AbortSignal) =>
  ask<StopPage>(`${AT}/stops?${query({ state: state === "all" ? "" : state, rule, cursor, limit: 50 })}`, {
    signal,
  });
export const letGo = (orders: readonly string[], reason: Reason, note: string) =>
  ask<InterceptReleased>(`${AT}/releases`, { method: "POST", json: { orders, reason, note } });
export const readBlocks = (cursor: string, signal: AbortSignal) =>
  ask<BlockPage>(`${AT}/blocks?${query({ cursor, limit: 50 })}`, { signal });
export const list = (block: NewBlock) =>
  ask<BlockMade>(`${AT}/blocks`, { method: "POST", json: block });
export const unlist = (id: string) => ask<undefined>(`${AT}/blocks/${id}`, { method: "DELETE" });
