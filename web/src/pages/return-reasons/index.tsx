import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { ReasonPage, ReasonRow } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count, share } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Answer } from "./answer";
import { ReasonBars } from "./bars";
import { Trial } from "./trial";
import { KEY, useReasonName, useReport } from "./words";
import "./return-reasons.css";

const STATES = ["unsure", "named", "confirmed", ""] as const;
const TONES = { unsure: "risk", named: "plain", confirmed: "kept" } as const;

/** 退货原因: what buyers wrote under one name each, and what waits for a person. */
export default function ReturnReasons() {
  const { t } = useTranslation("returnReasons");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("reason.write");
  const told = useReport();
  const state = STATES.find((one) => one === asked("state")) ?? (asked("state") === "all" ? "" : "unsure");
  const [code, peek] = [asked("code"), asked("peek")];
  const list = useKeyset<ReasonRow, ReasonPage>({
    queryKey: [...KEY, "cases", state, code],
    fetch: (cursor, signal) =>
      fetchJson<ReasonPage>(`/v1/return-reasons/cases?${query({ state, code, cursor, limit: 100 })}`, { signal }),
  });
  const held = list.rows.find((row) => row.case === peek);
  const columns = useColumns();
  const report = told.data?.report;
  const next = () => {
    const at = list.rows.findIndex((row) => row.case === peek);
    ask({ peek: list.rows[at + 1]?.case ?? "" });
  };
  return (
    <>
      <PageHead
        fact={
          report &&
          t("fact", {
            cases: count(report.cases),
            covered: share(report.cases ? (report.cases - report.unsure) / report.cases : 0, 1),
            unsure: count(report.unsure),
          })
        }
      />
      {told.error && <ProblemNote problem={asProblem(told.error)} onRetry={() => void told.refetch()} />}
      {told.isLoading && <Skeleton kind="card" />}
      {told.data && (
        <div className="return-reasons-top">
          <Card title={t("byReason")}>
            <ReasonBars
              report={told.data}
              chosen={code}
              onChoose={(one) => ask({ code: one === code ? "" : one, state: "all", peek: "" })}
            />
          </Card>
          <Card title={t("trial")}>
            <Trial />
          </Card>
        </div>
      )}
      <div className="return-reasons-bar">
        <Segmented
          aria-label={t("state")}
          value={state || "all"}
          options={STATES.map((one) => ({ value: one || "all", label: t(`states.${one || "all"}`) }))}
          onChange={(value) => ask({ state: value, peek: "" })}
        />
      </div>
      <LedgerTable
        caption={t("cases")}
        columns={columns}
        rows={list.rows}
        keyOf={(row) => row.case}
        nameOf={(row) => row.number}
        onOpen={(row) => ask({ peek: row.case })}
        onPeek={(row) => ask({ peek: row ? row.case : "" })}
        peeked={peek}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={state === "unsure" ? t("noneUnsure") : t("none")}
        height_px={420}
      />
      <Peek
        title={held?.number ?? ""}
        isOpen={held !== undefined}
        onClose={() => ask({ peek: "" })}
        to={held && `/after-sales/${held.case}`}
      >
        {held && <Answer key={held.case} row={held} mayWrite={mayWrite} onDone={next} />}
      </Peek>
    </>
  );
}

function useColumns(): Column<ReasonRow>[] {
  const { t } = useTranslation("returnReasons");
  const name = useReasonName();
  const plain = (key: string, width: number, text: (row: ReasonRow) => string): Column<ReasonRow> => ({
    key,
    title: t(`columns.${key}`),
    width,
    text,
    render: text,
  });
  return [
    { ...plain("number", 170, (row) => row.number), fixed: true },
    plain("words", 420, (row) => row.words || t("hidden")),
    plain("reason", 160, (row) => name(row.code || row.choices[0]?.code || "")),
    { ...plain("confidence", 90, (row) => share(row.confidence / 1000, 0)), align: "right" },
    {
      ...plain("state", 100, (row) => t(`states.${row.state}`)),
      render: (row) => (
        <ToneTag tone={TONES[row.state as keyof typeof TONES] ?? "plain"}>{t(`states.${row.state}`)}</ToneTag>
      ),
    },
    plain("at", 140, (row) => brief(row.at)),
  ];
}
