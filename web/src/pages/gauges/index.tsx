import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { listGaugesOptions, listIntentsOptions } from "@/api/@tanstack/react-query.gen";
import type { DeviceGauge } from "@/api/types.gen";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { GaugeForm } from "./form";
import "./gauges.css";

/** 表计: what fixed cameras see, and from when on it is a symptom. */
export default function Gauges() {
  const { t } = useTranslation("gauges");
  const read = useQuery(listGaugesOptions());
  const mayWrite = useMay("device.write");
  const maySend = useMay("original.write");
  const rows = read.data?.items;
  return (
    <>
      <PageHead back="/intents" fact={rows && t("fact", { count: rows.length })} />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="page" />}
      {rows && (
        <div className="gauges">
          <Card title={t("list")} isFlush>
            <Rows rows={rows} />
          </Card>
          {mayWrite && maySend && <GaugeForm />}
        </div>
      )}
    </>
  );
}

function Rows({ rows }: { rows: readonly DeviceGauge[] }) {
  const { t } = useTranslation("gauges");
  const graph = useQuery(listIntentsOptions());
  const symptom = (code: string) => {
    const found = graph.data?.graph.symptoms?.find((one) => one.code === code);
    return found ? byLocale(found.title ?? "", found.title_en ?? "") : code;
  };
  const limits = (one: DeviceGauge) =>
    [
      one.low_symptom && `< ${(one.low_at ?? 0) / 1000} ${one.unit}: ${symptom(one.low_symptom)}`,
      one.high_symptom && `> ${(one.high_at ?? 0) / 1000} ${one.unit}: ${symptom(one.high_symptom)}`,
    ]
      .filter(Boolean)
      .join(t("comma"));
  return (
    <SmallTable
      caption={t("list")}
      columns={[
        { key: "device", title: t("device"), render: (one) => one.device },
        { key: "code", title: t("code"), render: (one) => one.code ?? "" },
        { key: "kind", title: t("kind"), render: (one) => t(`kinds.${one.kind}`) },
        {
          key: "scale",
          title: t("scale"),
          render: (one) => `${(one.low ?? 0) / 1000}–${(one.high ?? 0) / 1000} ${one.unit}`,
        },
        { key: "limits", title: t("limits"), render: (one) => limits(one) || t("noSymptom") },
      ]}
      rows={rows}
      keyOf={(one) => `${one.device}/${one.code}`}
      empty={t("none")}
    />
  );
}
