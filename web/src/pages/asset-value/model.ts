import { useQuery } from "@tanstack/react-query";
import i18next from "i18next";
import type { AssetValueList } from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal, money, moneyTile } from "@/format";
import { byLocale } from "@/i18n";

const TEN_THOUSAND_FEN = 1_000_000;
const LARGE_FEN = 10 * TEN_THOUSAND_FEN;
const isEnglish = () => i18next.language === "en";

/** Everything of this page is asked under this key: one act may change several cards. */
export const KEY = ["asset-value"] as const;

/** All assets with their rights, licences and ranges. */
export function useValues() {
  return useQuery({
    queryKey: [...KEY, "all"],
    queryFn: ({ signal }) => ask<AssetValueList>("/v1/valuations", { signal }),
  });
}

/** ¥9.92 万: short, for axes; the exact sum belongs into the tooltip. */
export function short(fen: number): string {
  const tile = moneyTile(fen);
  return tile.unit ? `${tile.value} ${tile.unit}` : money(fen);
}

/** ¥9.92 万 – ¥16.30 万: both ends in one unit. */
export function span(low: number, high: number): string {
  const isLarge = Math.abs(high) >= LARGE_FEN && !isEnglish();
  if (isLarge) return `¥${decimal(low / TEN_THOUSAND_FEN, 2)} – ${decimal(high / TEN_THOUSAND_FEN, 2)} 万`;
  return `¥${count(Math.round(low / 100))} – ${count(Math.round(high / 100))}`;
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
