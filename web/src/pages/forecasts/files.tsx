import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastFile, ForecastFiles } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count, digest } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { asProblem, type Problem } from "@/problem";
import { queries } from "@/queries";
import { KEY } from "./words";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Past sales of before this hub: what was brought, and a way to bring more. */
export function Files({ mayWrite }: { mayWrite: boolean }) {
  const { t } = useTranslation("forecasts");
  const found = useQuery({
    queryKey: [...KEY, "files"],
    queryFn: ({ signal }) => fetchJson<ForecastFiles>("/v1/forecasts/history", { signal }),
  });
  return (
    <Card title={t("files")} note={t("filesNote")}>
      {mayWrite && <Bring />}
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="rows" rows={3} />}
      {found.data && (
        <SmallTable
          caption={t("files")}
          columns={[
            { key: "name", title: t("columns.file"), render: (one) => one.name || "—" },
            { key: "rows", title: t("columns.rows"), render: (one) => count(one.rows), isNumber: true },
            { key: "series", title: t("columns.series"), render: (one) => count(one.series), isNumber: true },
            { key: "days", title: t("columns.days"), render: (one) => `${one.first_day} – ${one.last_day}` },
            {
              key: "digest",
              title: "SHA-256",
              render: (one) => (
                <span className="mono" title={one.digest}>
                  {digest(one.digest)}
                </span>
              ),
            },
          ]}
          rows={found.data.items}
          keyOf={(one) => one.id}
          empty={t("noFiles")}
        />
      )}
    </Card>
  );
}

function Bring() {
  const { t } = useTranslation("forecasts");
  const { done } = useNotice();
  const id = useId();
  const [file, setFile] = useState<File | null>(null);
  const bring = useMutation({
    mutationFn: (chosen: File) =>
      fetchJson<ForecastFile>(`/v1/forecasts/history?${query({ name: chosen.name })}`, {
        method: "POST",
        headers: { "Content-Type": chosen.name.toLowerCase().endsWith(".xlsx") ? XLSX : "text/csv" },
        body: chosen,
      }),
    onSuccess: async (kept) => {
      done(t("brought", { rows: count(kept.rows), series: count(kept.series) }));
      setFile(null);
      await queries.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <div className="forecasts-bring">
      <label htmlFor={id}>{t("choose")}</label>
      <input id={id} type="file" accept=".csv,.xlsx" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
      <Button disabled={!file} loading={bring.isPending} onClick={() => file && bring.mutate(file)}>
        {t("bring")}
      </Button>
      {bring.isPending && <Progress percent={100} status="active" showInfo={false} aria-label={t("bringing")} />}
      <p className="note">{t("form")}</p>
      {bring.error && (
        <Alert type="error" showIcon title={t("refused")} description={<Refused problem={asProblem(bring.error)} />} />
      )}
    </div>
  );
}

/** Why a file was refused: its row in words, else what is wrong with all of it. */
function Refused({ problem }: { problem: Problem }) {
  const { t } = useTranslation("forecasts");
  const words = useProblemWords();
  const [, row, column] = problem.pointer.split("/");
  const text =
    problem.code === "bad_row" && column ? t("badRow", { row, why: t(`wrong.${column}`) }) : words(problem);
  return <span title={problem.detail}>{text}</span>;
}
