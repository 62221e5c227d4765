import { useQuery } from "@tanstack/react-query";
import type { AssetValueList } from "@/api/types.gen";
import { ask } from "@/client";
import { money, moneyTile } from "@/format";
import { byLocale } from "@/i18n";

/** Everything of this page is asked under this key: one act may change several cards. */
export const KEY = ["asset-value"] as const;

/** All assets with their rights, licences and ranges. */
export function useValues() {
  return useQuery({
    queryKey: [...KEY, "all"],
    queryFn: ({ signal }) => ask<AssetValueList>("/v1/valuations", { signal }),
  });
}

/** ¥9.92 万: short, for ranges; the exact sum belongs into the tooltip. */
export function short(fen: number): string {
  const tile = moneyTile(fen);
  return tile.unit ? `${tile.value} ${tile.unit}` : money(fen);
}

/** ¥9.92 万 – ¥16.30 万. */
export function span(low: number, high: number): string {
  return `${short(low)} – ${short(high)}`;
}

/** A title in the reader's language. */
export function called(title: { zh: string; en: string }): string {
  return byLocale(title.zh, title.en);
}

/** Today in Shanghai, YYYY-MM-DD: the books' days. */
export function today(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** A day so many months later, YYYY-MM-DD. */
export function later(day: string, months: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() + months);
  return at.toISOString().slice(0, 10);
}

export const PURPOSES = ["operations", "service", "supply", "finance", "marketing", "legal"] as const;
export const RIGHTS = ["hold", "process", "operate"] as const;
export const SOURCES = ["own", "partner", "bought"] as const;
export const BASES = ["operation", "contract", "consent", "law"] as const;
