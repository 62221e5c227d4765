import { ask } from "@/client";
import type { Entry } from "@/parts/entries";

/** One place that a word may mean. */
interface Way {
  kind: "order" | "transfer" | "sku" | "warehouse";
  id: string;
  title: string;
  note: string;
  exact: boolean;
}

/** What a word may mean, the surest first; `only`: one thing was met exactly. */
interface Going {
  items: readonly Way[];
  only: boolean;
  more: boolean;
}

const PLACES: Record<Way["kind"], (id: string) => string> = {
  order: (id) => `/orders/${encodeURIComponent(id)}`,
  transfer: (id) => `/transfers/${encodeURIComponent(id)}`,
  sku: (id) => `/stock?sku=${encodeURIComponent(id)}`,
  warehouse: (id) => `/stock?warehouse=${encodeURIComponent(id)}`,
};

/** Find what a number, waybill, phone tail or code means, and whether it is one thing only. */
export async function findWays(
  word: string,
  signal?: AbortSignal,
): Promise<{ entries: readonly Entry[]; only: string | null }> {
  const query = new URLSearchParams({ q: word });
  const going = await ask<Going>(`/v1/go?${query}`, signal ? { signal } : {});
  const entries = going.items.map((way) => ({
    id: `${way.kind} ${way.id}`,
    label: way.title,
    note: way.note,
    to: PLACES[way.kind](way.id),
  }));
  const exact = going.items.findIndex((way) => way.exact);
  return { entries, only: going.only ? (entries[exact]?.to ?? null) : null };
}
