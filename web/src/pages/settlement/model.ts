import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { LedgerAccount, Chart, Period, Settlement } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { byLocale } from "@/i18n";

export const KEY = ["settlement"] as const;
export const TABS = ["balances", "vouchers", "periods", "files", "settings"] as const;
export type Tab = (typeof TABS)[number];
export const SUSPENSE = 190101;

/** The page's first look, asked again whenever something was done here. */
export function useSettlement() {
  return useQuery({
    queryKey: [...KEY, "head"],
    queryFn: ({ signal }) => ask<Settlement>("/v1/settlement", { signal }),
  });
}

/** The chart of accounts; it does not change while the hub runs. */
export function useChart(): ReadonlyMap<number, LedgerAccount> {
  const found = useQuery({
    queryKey: [...KEY, "chart"],
    queryFn: ({ signal }) => ask<Chart>("/v1/settlement/accounts", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return new Map((found.data?.items ?? []).map((one) => [one.code, one]));
}

/** What an account is called, by its code. */
export function useAccountName(): (code: number) => string {
  const chart = useChart();
  return (code) => {
    const account = chart.get(code);
    return account ? byLocale(account.zh, account.en) : String(code);
  };
}

/** 2026年09月 · 2026-09. */
export function usePeriodName(): (period: number) => string {
  const { t } = useTranslation("settlement");
  return useCallback(
    (period) =>
      t("periodName", {
        year: Math.floor(period / 100),
        month: String(period % 100).padStart(2, "0"),
      }),
    [t],
  );
}

/** 借 ¥7.00, 贷 ¥7.00, 平: a balance with the side on which it stands. */
export function useSided(): (minor: number, currency: string) => string {
  const { t } = useTranslation("settlement");
  return (minor, currency) =>
    minor === 0
      ? t("even")
      : t(minor > 0 ? "debitOf" : "creditOf", { sum: money(Math.abs(minor), currency) });
}

/** Whether a period was ever opened again after a close: it is said for ever. */
export const wasReopened = (period: Period) => period.events.some((one) => one.kind === "reopened");
