import { useQuery } from "@tanstack/react-query";
import type { ReasonsReport, ReasonTold } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";

export const KEY = ["return-reasons"] as const;

/** The vocabulary, and how it goes. */
export function useReport() {
  return useQuery({
    queryKey: [...KEY, "report"],
    queryFn: ({ signal }) => ask<ReasonsReport>("/v1/return-reasons", { signal }),
  });
}

/** The vocabulary. */
export function useReasons(): readonly ReasonTold[] {
  return useReport().data?.reasons ?? [];
}

/** Gives a reason its name in the person's language. */
export function useReasonName(): (code: string) => string {
  const reasons = useReasons();
  return (code) => {
    const found = reasons.find((one) => one.code === code);
    return found ? byLocale(found.zh, found.en) : code || "—";
  };
}
