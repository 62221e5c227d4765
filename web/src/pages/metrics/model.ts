import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { MetricAnswer, MetricTitle } from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal, duration, exact, money, points, share } from "@/format";
import { byLocale } from "@/i18n";
import { query } from "@/parts/use-asked";

const MILLE = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SHANGHAI_MS = 28_800_000;
/** Thousandths that read better as a number than as a percentage. */
const RATIOS = new Set(["units_per_order", "stock_turns"]);
/** Dimensions along time: drawn in their order, as a line. */
export const TIMES: readonly string[] = ["day", "week", "month", "hour", "weekday"];

export const titleOf = (title: MetricTitle | undefined, code = ""): string =>
  (title && byLocale(title.zh ?? "", title.en ?? "")) || code;

/** A figure as people read it. */
export function figure(code: string, unit: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  if (unit === "fen") return money(value);
  if (unit === "minutes") return duration(value * MINUTE_MS);
  if (unit === "ms") return exact(new Date(value).toISOString());
  if (unit !== "thousandths") return count(value);
  return RATIOS.has(code) ? decimal(value / MILLE, 2) : share(value / MILLE, 1);
}

/** How a figure moved against the period before, and whether that is good. */
export function change(
  answer: Pick<MetricAnswer, "code" | "unit" | "better">,
  now: number | null | undefined,
  was: number | null | undefined,
): { text: string; tone: "kept" | "risk" | "plain" } | undefined {
  if (now === null || now === undefined || was === null || was === undefined) return undefined;
  const moved = now - was;
  const isShare = answer.unit === "thousandths" && !RATIOS.has(answer.code);
  const sign = moved > 0 ? "+" : "";
  const text = isShare ? points(moved / MILLE) : `${sign}${figure(answer.code, answer.unit, moved)}`;
  if (moved === 0 || !answer.better) return { text, tone: "plain" };
  return { text, tone: moved > 0 === (answer.better === "more") ? "kept" : "risk" };
}

/** A day of Asia/Shanghai as the hub takes it, so many days before today. */
export const dayBefore = (days: number, now = Date.now()): string =>
  new Date(now + SHANGHAI_MS - days * DAY_MS).toISOString().slice(0, 10);

export interface Asked {
  code: string;
  by: string;
  days: number;
  asOf: string;
}

/** What a metric comes to: over the last `days` before the day that is asked about. */
export function useFigures({ code, by, days, asOf }: Asked, isOpen: boolean) {
  const until = asOf || dayBefore(0);
  const end = Date.parse(`${until}T00:00:00+08:00`);
  const since = days ? dayBefore(days - 1, end) : "";
  const asked = { by, since, until: days ? until : "", as_of: asOf, limit: 60 };
  const order = TIMES.includes(by) ? "key" : "value";
  return useQuery({
    queryKey: ["metrics", code, "values", asked, order],
    queryFn: ({ signal }) =>
      ask<MetricAnswer>(
        `/v1/metrics/${code}/values?${query({ ...asked, order, compare: days ? "true" : "" })}`,
        { signal },
      ),
    enabled: isOpen,
    placeholderData: (old) => (old?.code === code ? old : undefined),
    staleTime: 30_000,
  });
}

/** The words of a metric's owner, unit and purpose. */
export function useCodes() {
  const { t } = useTranslation("metrics");
  const word = (kind: string, code: string) =>
    code ? t(`${kind}.${code}`, { defaultValue: code }) : "—";
  return { owner: (code: string) => word("owners", code), unit: (code: string) => word("units", code) };
}
