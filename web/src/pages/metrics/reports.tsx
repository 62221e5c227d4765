import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  listMetricReportsOptions,
  proveMetricReportOptions,
} from "@/api/@tanstack/react-query.gen";
import { keepMetricReport } from "@/api/sdk.gen";
import type { MetricShown, ReportKept } from "@/api/types.gen";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { figure } from "./model";

const DAY_MS = 86_400_000;

/** 存报表: what the metric came to on a day, kept with its digest and proven by asking again. */
export function Reports({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const read = useQuery(listMetricReportsOptions({ query: { limit: 50 } }));
  const [picked, pick] = useState("");
  const { code } = shown.metric;
  const rows = (read.data?.rows ?? []).filter((one) => one.asked.metrics.includes(code));
  return (
    <Card title={t("reports")} note={t("reportsNote")} extra={shown.may_see && <Keep shown={shown} />}>
      {read.error && <ProblemNote problem={asProblem(read.error)} />}
      <SmallTable<ReportKept>
        caption={t("reports")}
        columns={[
          { key: "name", title: t("reportName"), render: (one) => one.name },
          {
            key: "asOf",
            title: t("knownAtTitle"),
            render: (one) => dated(new Date(one.asked.as_of_ms ?? 0)),
          },
          { key: "by", title: t("keptBy"), render: (one) => one.by },
          { key: "digest", title: t("digest"), render: (one) => <DigestText hex={one.digest} /> },
          {
            key: "prove",
            title: "",
            render: (one) => (
              <Button size="small" disabled={!shown.may_see} onClick={() => pick(one.id)}>
                {t("prove")}
              </Button>
            ),
          },
        ]}
        rows={rows}
        keyOf={(one) => one.id}
        empty={t("noReports")}
      />
      {picked && <Proof key={picked} id={picked} shown={shown} />}
    </Card>
  );
}

/** The same question asked again, beside what was kept. */
function Proof({ id, shown }: { id: string; shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const read = useQuery(proveMetricReportOptions({ path: { report_id: id } }));
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return null;
  const { code, unit } = shown.metric;
  const of = (all: typeof read.data.again) => all.find((one) => one.code === code)?.total;
  return (
    <p className="metric-total" role="status">
      <ToneTag tone={read.data.is_same ? "kept" : "broken"}>
        {t(read.data.is_same ? "same" : "differs")}
      </ToneTag>
      {t("fromTo", {
        was: figure(code, unit ?? "", of(read.data.kept.figures)),
        now: figure(code, unit ?? "", of(read.data.again)),
      })}
    </p>
  );
}

function Keep({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const notice = useNotice();
  const { asked } = useAsked();
  const mayWrite = useMay("metric.write");
  const [name, setName] = useState("");
  const by = asked("by") || shown.metric.dimensions?.[0]?.name || "";
  const day = asked("asof");
  const keep = useMutation({
    mutationFn: async () => {
      const asOf = day ? Date.parse(`${day}T00:00:00+08:00`) + DAY_MS : 0;
      const settled = asOf < Date.now() - 2 * 60_000 ? asOf : 0;
      return keepMetricReport({
        body: {
          name: name.trim(),
          asked: { metrics: [shown.metric.code], by: by ? [by] : [], as_of_ms: settled },
        },
      });
    },
    onSuccess: async () => {
      notice.done(t("kept", { name: name.trim() }));
      setName("");
      await queries.invalidateQueries();
    },
    onError: notice.failed,
  });
  if (!mayWrite) return null;
  return (
    <span className="metric-asking">
      <Input
        aria-label={t("reportName")}
        placeholder={t("reportName")}
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Button disabled={!name.trim()} loading={keep.isPending} onClick={() => keep.mutate()}>
        {t("keep")}
      </Button>
    </span>
  );
}
