import { useTranslation } from "react-i18next";
import type { Clause, Row } from "@/api/types.gen";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useRules } from "@/parts/protection/protection";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";

type Said = Pick<Clause, "source" | "clause" | "verified_by">;

/** 条款: by which clauses the checkpoint asks and refuses, and who compared them with the text. */
export function Rules() {
  const { t } = useTranslation("assetShares");
  const found = useRules();
  const verified = (one: Said) =>
    one.verified_by ? one.verified_by : <ToneTag tone="risk">{t("unverifiedTag")}</ToneTag>;
  const where = (one: Said) => `${one.source} ${one.clause}`;
  const rows: SmallColumn<Row>[] = [
    { key: "case", title: t("columns.case"), render: (one) => byLocale(one.zh, one.en) },
    { key: "people", title: t("columns.atLeast"), render: least, isNumber: true },
    { key: "result", title: t("columns.result"), render: (one) => t(`results.${one.result}`) },
    { key: "verified", title: t("columns.verified"), render: verified },
    { key: "source", title: t("columns.source"), render: where },
  ];
  const clauses: SmallColumn<Clause>[] = [
    { key: "code", title: t("columns.code"), render: (one) => one.code },
    { key: "what", title: t("columns.asks"), render: (one) => byLocale(one.zh, one.en) },
    { key: "verified", title: t("columns.verified"), render: verified },
    { key: "source", title: t("columns.source"), render: where },
  ];
  return (
    <div className="protection-rules">
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isPending && <Skeleton kind="page" rows={6} />}
      {found.data && (
        <>
          <Card title={t("borderTitle")} note={t("borderNote")}>
            <SmallTable
              caption={t("borderTitle")}
              columns={rows}
              rows={found.data.border}
              keyOf={(one) => one.code}
              empty="—"
            />
          </Card>
          <Card title={t("clausesTitle")} note={t("clausesNote")}>
            <SmallTable
              caption={t("clausesTitle")}
              columns={clauses}
              rows={found.data.clauses}
              keyOf={(one) => one.code}
              empty="—"
            />
          </Card>
        </>
      )}
    </div>
  );
}

function least(one: Row): string {
  const most = one.people ?? one.sensitive;
  return typeof most === "number" ? count(most) : "—";
}
