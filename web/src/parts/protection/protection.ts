import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type {
  AssetExportAsked,
  AssetExportShown,
  AssetList,
  Clause,
  GateAnswer,
  GateAnswers,
  ProtectionRules,
} from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";

export const EXPORTS_KEY = ["asset-exports"] as const;
export const GRANTS_KEY = ["data-grants"] as const;
export const PURPOSES = [
  "operations",
  "service",
  "supply",
  "finance",
  "marketing",
  "legal",
] as const;
export type Purpose = (typeof PURPOSES)[number];
const LONG_MS = 3_600_000;
const FRESH_MS = 30_000;

/** What the caller may do with an asset for a purpose, and what stands in the way. */
export function useGates(asset: string, purpose: string) {
  return useQuery({
    queryKey: ["data-gates", asset, purpose],
    queryFn: ({ signal }) =>
      ask<GateAnswers>("/v1/data-gates", {
        method: "POST",
        json: purpose ? { asset, purpose } : { asset },
        signal,
      }),
    enabled: asset !== "",
  });
}

/** The answer for one act in one form. */
export function gateOf(
  found: GateAnswers | undefined,
  act: string,
  form: string,
): GateAnswer | undefined {
  return found?.acts.find((one) => one.act === act && one.form === form);
}

/** Clauses that refusals name, with the cross-border table. */
export function useRules() {
  return useQuery({
    queryKey: ["data-gates", "rules"],
    queryFn: ({ signal }) => ask<ProtectionRules>("/v1/data-gates/rules", { signal }),
    staleTime: LONG_MS,
  });
}

/** The words of a clause, with 条款未核 where nobody has compared it with the text. */
export function useClauseWords(): (code: string) => string {
  const { t } = useTranslation("assetShares");
  const found = useRules().data;
  return (code) => {
    const clause = found?.clauses.find((one) => one.code === code);
    if (!clause) return code;
    return `${byLocale(clause.zh, clause.en)} ${t("clauseOf", { clause: nameClause(clause) })}${
      clause.verified_by ? "" : t("unverified")
    }`;
  };
}

export function nameClause(clause: Pick<Clause, "source" | "clause" | "code">): string {
  return clause.source === "danshu" ? clause.code : `${clause.source} ${clause.clause}`;
}

/** The assets by name, in the reader's language; what is not known stays what it is. */
export function useAssetTitles() {
  const found = useQuery({
    queryKey: ["assets", "titles"],
    queryFn: ({ signal }) => ask<AssetList>("/v1/assets", { signal }),
    staleTime: FRESH_MS,
  });
  const titles = useMemo(
    () => new Map(found.data?.items.map((one) => [one.name, byLocale(one.title.zh, one.title.en)])),
    [found.data],
  );
  const titleOf = (name: string) => titles.get(name) ?? name;
  return { titles, titleOf };
}

export function askExport(wish: AssetExportAsked): Promise<AssetExportShown> {
  return ask<AssetExportShown>("/v1/asset-exports", { method: "POST", json: wish });
}
