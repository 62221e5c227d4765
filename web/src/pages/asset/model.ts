import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AssetColumn, AssetNames, AssetPage, ChartCells, GateAnswers } from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal, duration, exact, money, share } from "@/format";
import { byLocale } from "@/i18n";

export type Value = string | number | null;
/** Values of columns of the grain. */
export type Where = Readonly<Record<string, string | number>>;

export const KEY = ["assets"] as const;
const NAMES_MS = 600_000;
const MINUTE_MS = 60_000;
const MILLE = 1_000;
/** Thousandths that are a ratio, and read better as a number than as a percentage. */
const RATIOS = new Set(["turns", "lift"]);
const BUILDING_MS = 1_500;

export function apiOf(name: string, path = ""): string {
  return `/v1/assets/${encodeURIComponent(name)}${path}`;
}

/** Questions of a path: what is empty is left out. */
export function asking(path: string, asked: Record<string, string | Where>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    const text = typeof value === "string" ? value : Object.keys(value).length ? JSON.stringify(value) : "";
    if (text) query.set(name, text);
  }
  return `${path}?${query}`;
}

export function useAsset(name: string) {
  return useQuery({
    queryKey: [...KEY, name],
    queryFn: ({ signal }) => ask<AssetPage>(apiOf(name), { signal }),
    refetchInterval: (query) => (query.state.data?.asset.state === "building" ? BUILDING_MS : false),
  });
}

/** What the person may do with it, and what stands in the way. */
export function useGate(asset: string) {
  return useQuery({
    queryKey: [...KEY, asset, "gate"],
    queryFn: ({ signal }) =>
      ask<GateAnswers>("/v1/data-gates", { method: "POST", json: { asset }, signal }),
  });
}

export function useChart(page: AssetPage | undefined, by: readonly string[], where: Where, order = "") {
  const name = page?.asset.name ?? "";
  const run = page?.asset.run ?? "";
  return useQuery({
    queryKey: [...KEY, name, "chart", run, by, where, order],
    queryFn: ({ signal }) =>
      ask<ChartCells>(asking(apiOf(name, "/chart"), { by: by.join(","), where, order }), { signal }),
    enabled: Boolean(run) && by.length > 0,
    placeholderData: (old) => old,
  });
}

export function grainOf(page: AssetPage): AssetColumn[] {
  return page.columns.filter((column) => column.role === "grain");
}

export function measuresOf(page: AssetPage): AssetColumn[] {
  return page.columns.filter((column) => column.role === "measure");
}

export function titleOf(column: AssetColumn | undefined): string {
  return column ? byLocale(column.title.zh, column.title.en) : "";
}

/** A measure as people read it. */
export function figure(column: AssetColumn, value: Value | undefined): string {
  if (value === null || value === undefined || typeof value === "string") return value || "—";
  if (column.unit === "fen") return money(value);
  if (column.unit === "ms") return exact(new Date(value).toISOString());
  if (column.unit === "minutes" && value !== 0) return duration(value * MINUTE_MS);
  if (column.unit !== "thousandths") return count(value);
  return RATIOS.has(column.name) ? decimal(value / MILLE, 2) : share(value / MILLE, 1);
}

/** The words of codes in cells: places, warehouses, goods, channels, stages… */
export function useValueWords() {
  const { t, i18n } = useTranslation(["asset", "common", "after-sales"]);
  const { language } = i18n;
  const found = useQuery({
    queryKey: [...KEY, "names"],
    queryFn: ({ signal }) => ask<AssetNames>("/v1/assets/names", { signal }),
    staleTime: NAMES_MS,
  });
  const named = useMemo(() => {
    const nameOf = (title: { zh: string; en: string }) => (language === "en" ? title.en : title.zh);
    const words = new Map<string, string>();
    for (const one of found.data?.regions ?? []) words.set(`region ${one.code}`, nameOf(one.title));
    for (const one of found.data?.warehouses ?? []) words.set(`warehouse ${one.code}`, one.title.zh);
    for (const one of found.data?.promises ?? []) words.set(`code ${one.code}`, nameOf(one.title));
    for (const one of found.data?.reasons ?? []) words.set(`reason ${one.code}`, nameOf(one.title));
    return words;
  }, [found.data, language]);
  return useMemo(() => {
    const word = (key: string, code: string) => t(key, { defaultValue: code });
    return (column: string, value: Value | undefined): string => {
      if (value === null || value === undefined || value === "") return "—";
      const code = String(value);
      if (code === "-") return t("nothing");
      switch (column) {
        case "province":
          return word(`provinces.${code}`, named.get(`region ${code}`) ?? code);
        case "region":
        case "warehouse":
        case "code":
          return named.get(`${column} ${code}`) ?? code;
        case "reason":
          return named.get(`reason ${code}`) ?? word(`after-sales:reasons.${code}`, code);
        case "channel":
          return word(`common:channels.${code}`, code);
        case "kind":
          return word(`after-sales:kinds.${code}`, code);
        case "hour":
          return `${code.padStart(2, "0")}:00`;
        case "stage":
        case "holiday":
        case "area":
        case "segment":
        case "preference":
        case "choice":
          return word(`values.${column}.${code}`, code);
        default:
          return code;
      }
    };
  }, [named, t]);
}

export type ValueWords = ReturnType<typeof useValueWords>;
