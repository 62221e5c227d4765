import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { BorderCount, BorderCounts, Budget, PrivacyBudgetPage } from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useAssetTitles } from "@/parts/protection/protection";
import { ShareBar } from "@/parts/share-bar";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";

const MILLE = 1_000;
const DIGITS = 2;
const MOST = 200;

/** 隐私预算: what each recipient may still learn, and whose data went abroad this year. */
export function Budgets() {
  const { t } = useTranslation("assetShares");
  const { titleOf } = useAssetTitles();
  const budgets = useQuery({
    queryKey: ["privacy-budgets"],
    queryFn: ({ signal }) =>
      ask<PrivacyBudgetPage>(`/v1/privacy-budgets?limit=${MOST}`, { signal }),
  });
  const counts = useQuery({
    queryKey: ["border-counts"],
    queryFn: ({ signal }) => ask<BorderCounts>("/v1/border-counts", { signal }),
  });
  const epsilon = (mille: number) => decimal(mille / MILLE, DIGITS);
  const columns: SmallColumn<Budget>[] = [
    { key: "asset", title: t("columns.asset"), render: (one) => titleOf(one.asset) },
    { key: "recipient", title: t("columns.recipient"), render: (one) => one.recipient },
    { key: "year", title: t("columns.year"), render: (one) => one.year, isNumber: true },
    {
      key: "spent",
      title: t("columns.spent"),
      render: (one) => `${epsilon(one.spent)} / ${epsilon(one.limit)}`,
      isNumber: true,
    },
    {
      key: "bar",
      title: t("columns.left"),
      render: (one) => (
        <ShareBar
          share={one.spent / one.limit}
          tone={one.spent >= one.limit ? "broken" : "primary"}
          label={t("budgetLeft", { left: epsilon(one.limit - one.spent) })}
        />
      ),
    },
  ];
  const abroad: SmallColumn<BorderCount>[] = [
    { key: "recipient", title: t("columns.recipient"), render: (one) => one.recipient },
    { key: "year", title: t("columns.year"), render: (one) => one.year, isNumber: true },
    { key: "people", title: t("columns.people"), render: (one) => count(one.people), isNumber: true },
    {
      key: "sensitive",
      title: t("columns.sensitive"),
      render: (one) => count(one.sensitive),
      isNumber: true,
    },
  ];
  const failed = budgets.error ?? counts.error;
  return (
    <div className="protection-rules">
      {failed && <ProblemNote problem={asProblem(failed)} />}
      <Card title={t("tabs.budgets")} note={t("budgetNote")}>
        {budgets.isPending && <Skeleton kind="page" rows={3} />}
        {budgets.data && (
          <SmallTable
            caption={t("tabs.budgets")}
            columns={columns}
            rows={budgets.data.items}
            keyOf={(one) => `${one.year}/${one.asset}/${one.recipient}`}
            empty={t("empty.budgets")}
          />
        )}
      </Card>
      <Card title={t("abroad")} note={t("abroadNote")}>
        {counts.data && (
          <SmallTable
            caption={t("abroad")}
            columns={abroad}
            rows={counts.data.items}
            keyOf={(one) => `${one.year}/${one.recipient}`}
            empty={t("empty.abroad")}
          />
        )}
      </Card>
    </div>
  );
}
