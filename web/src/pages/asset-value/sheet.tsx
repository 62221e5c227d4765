import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BalanceSheet, ResourceLine, TreatmentList } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, money } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { called, KEY, today, useValues } from "./model";
import { TreatmentForm } from "./treatment-form";

const FORMS = ["xlsx", "csv", "json"] as const;

/** 入表: data resources in the balance sheet at the end of a month, by the decision table. */
export function Sheet() {
  const { t } = useTranslation("assetValue");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("licence.write");
  const values = useValues();
  const [treated, setTreated] = useState("");
  const month = asked("month") || today().slice(0, 7);
  const sheet = useQuery({
    queryKey: [...KEY, "sheet", month],
    queryFn: ({ signal }) => askHub<BalanceSheet>(`/v1/balance-sheet?month=${month}`, { signal }),
  });
  const table = useQuery({
    queryKey: [...KEY, "treatments"],
    queryFn: ({ signal }) => askHub<TreatmentList>("/v1/asset-treatments", { signal }),
  });
  const titleOf = (asset: string) => {
    const found = values.data?.items.find((one) => one.asset === asset);
    return found ? called(found.title) : asset;
  };
  const untreated = (values.data?.items ?? []).filter((one) => !one.treatment);
  return (
    <div className="value-page">
      <Card
        title={t("sheet")}
        note={t("sheetNote")}
        extra={
          <>
            <Input
              size="small"
              type="month"
              className="value-month"
              aria-label={t("month")}
              value={month}
              onChange={(event) => ask({ month: event.target.value })}
            />
            {FORMS.map((form) => (
              <Button key={form} size="small" href={`/v1/balance-sheet/file?month=${month}&form=${form}`}>
                {t("downloadAs", { form: form.toUpperCase() })}
              </Button>
            ))}
          </>
        }
        isFlush
      >
        {sheet.error && <ProblemNote problem={asProblem(sheet.error)} onRetry={() => void sheet.refetch()} />}
        {sheet.isPending && <Skeleton kind="rows" rows={4} />}
        {sheet.data && (
          <SmallTable<ResourceLine>
            caption={t("sheet")}
            columns={[
              { key: "asset", title: t("columns.asset"), render: (one) => titleOf(one.asset) },
              {
                key: "treatment",
                title: t("columns.treatment"),
                render: (one) =>
                  one.treatment ? (
                    <>
                      {t(`treatments.${one.treatment}`)}{" "}
                      {!one.verified_by && <ToneTag tone="risk">{t("unverifiedTag")}</ToneTag>}
                    </>
                  ) : (
                    <span className="note">{t("undecided")}</span>
                  ),
              },
              { key: "cost", title: t("capitalised"), isNumber: true, render: (one) => money(one.capitalised_fen) },
              { key: "expensed", title: t("expensed"), isNumber: true, render: (one) => money(one.expensed_fen) },
              { key: "amortised", title: t("amortised"), isNumber: true, render: (one) => money(one.amortised_fen) },
              { key: "impaired", title: t("impaired"), isNumber: true, render: (one) => money(one.impaired_fen) },
              { key: "carrying", title: t("carrying"), isNumber: true, render: (one) => money(one.carrying_fen) },
              {
                key: "life",
                title: t("life"),
                render: (one) => (one.months ? t("lifeTold", { since: one.since, months: count(one.months) }) : "—"),
              },
              {
                key: "acts",
                title: t("licence.acts"),
                render: (one) =>
                  mayWrite && (
                    <Button size="small" onClick={() => setTreated(one.asset)}>
                      {t("treat")}
                    </Button>
                  ),
              },
            ]}
            rows={sheet.data.lines}
            keyOf={(one) => one.asset}
            empty={t("emptySheet")}
          />
        )}
        {mayWrite && untreated.length > 0 && (
          <p className="value-buttons value-pad">
            <span className="note">{t("untreated", { n: count(untreated.length) })}</span>
            <Button size="small" onClick={() => setTreated(untreated[0]?.asset ?? "")}>
              {t("treatNext")}
            </Button>
          </p>
        )}
      </Card>
      {sheet.data && sheet.data.proposed.length > 0 && (
        <Card title={t("proposed")} note={t("proposedNote")} isFlush>
          <SmallTable
            caption={t("proposed")}
            columns={[
              { key: "asset", title: t("columns.asset"), render: (one) => titleOf(one.asset) },
              { key: "account", title: t("account"), render: (one) => one.account },
              { key: "debit", title: t("debit"), isNumber: true, render: (one) => (one.debit_fen ? money(one.debit_fen) : "") },
              { key: "credit", title: t("credit"), isNumber: true, render: (one) => (one.credit_fen ? money(one.credit_fen) : "") },
            ]}
            rows={sheet.data.proposed}
            keyOf={(one) => `${one.asset}/${one.account}`}
            empty=""
          />
        </Card>
      )}
      {table.data && (
        <Card title={t("rules")} note={t("rulesNote")} isFlush>
          <SmallTable
            caption={t("rules")}
            columns={[
              { key: "says", title: t("rule"), render: (one) => called(one) },
              { key: "gives", title: t("columns.treatment"), render: (one) => t(`treatments.${one.gives}`) },
              { key: "clause", title: t("clause"), render: (one) => `${one.source} ${one.clause}` },
              {
                key: "verified",
                title: t("verified"),
                render: (one) => one.verified_by || <ToneTag tone="risk">{t("unverifiedTag")}</ToneTag>,
              },
            ]}
            rows={table.data.rules}
            keyOf={(one) => one.code}
            empty=""
          />
        </Card>
      )}
      {treated && (
        <TreatmentForm
          key={treated}
          asset={treated}
          title={titleOf(treated)}
          held={table.data?.items.find((one) => one.asset === treated)}
          onClose={() => setTreated("")}
        />
      )}
    </div>
  );
}
