import { useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ask as askHub } from "@/client";
import { brief } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Desk } from "./desk";
import { type DocumentTemplateVersion, listSamples, type OriginalView, pointsOf, retire, suggestAnchors, TEMPLATES } from "./pointing";
import "./templates.css";

/** One template: a sample is chosen, pointed at, tried and published. */
export default function Teaching() {
  const { t } = useTranslation("documents");
  const { code = "new" } = useParams();
  const { asked, ask } = useAsked();
  const isNew = code === "new";
  const held = useQuery({
    queryKey: [...TEMPLATES, code],
    queryFn: ({ signal }) =>
      askHub<DocumentTemplateVersion>(`/v1/document-templates/${encodeURIComponent(code)}`, { signal }),
    enabled: !isNew,
  });
  const sampleId = asked("sample") || held.data?.sample || "";
  const sample = useQuery({
    queryKey: ["originals", sampleId],
    queryFn: ({ signal }) => askHub<OriginalView>(`/v1/originals/${sampleId}`, { signal }),
    enabled: sampleId !== "",
  });
  const failed = held.error ?? sample.error;
  const isWaiting = (!isNew && held.isPending) || (sampleId !== "" && sample.isPending);
  return (
    <>
      <PageHead
        title={held.data?.template.title ?? t("templates.new")}
        back="/modalities/templates"
        fact={held.data ? `${held.data.code} · v${held.data.version}` : t("templates.pick")}
        actions={held.data?.active && <Retire code={held.data.code} />}
      />
      {failed && <ProblemNote problem={asProblem(failed)} onRetry={() => void (held.error ? held : sample).refetch()} />}
      {!failed && isWaiting && <Skeleton kind="page" />}
      {!failed && !isWaiting && <Samples chosen={sampleId} onChoose={(id) => ask({ sample: id })} />}
      {!failed && !isWaiting && sample.data && <Taught key={`${code} ${sampleId}`} held={held.data} view={sample.data} />}
    </>
  );
}

function Retire({ code }: { code: string }) {
  const { t } = useTranslation("documents");
  const notice = useNotice();
  const go = useNavigate();
  const [isBusy, setBusy] = useState(false);
  if (!useMay("modality.write")) return null;
  return (
    <Button
      danger
      loading={isBusy}
      onClick={() => {
        setBusy(true);
        retire(code)
          .then(() => {
            notice.done(t("templates.retiredDone", { code }));
            void go("/modalities/templates");
          })
          .catch(notice.failed)
          .finally(() => setBusy(false));
      }}
    >
      {t("templates.retire")}
    </Button>
  );
}

function Samples({ chosen, onChoose }: { chosen: string; onChoose: (id: string) => void }) {
  const { t } = useTranslation("documents");
  const go = useNavigate();
  const list = useQuery({ queryKey: ["originals", "samples"], queryFn: ({ signal }) => listSamples(signal) });
  const read = (list.data?.items ?? []).filter((row) => row.state !== "received" && row.state !== "unreadable");
  if (list.data && read.length === 0 && !chosen) {
    return (
      <p className="muted">
        {t("templates.none")}{" "}
        <Button type="link" onClick={() => void go("/photo")}>
          {t("templates.toPhoto")}
        </Button>
      </p>
    );
  }
  return (
    <Select
      className="templates-sample"
      aria-label={t("templates.samples")}
      placeholder={t("templates.samples")}
      loading={list.isPending}
      {...(chosen && { value: chosen })}
      options={read.map((row) => ({ value: row.id, label: `${row.name || row.id} · ${brief(row.received)}` }))}
      onChange={onChoose}
    />
  );
}

function Taught({ held, view }: { held: DocumentTemplateVersion | undefined; view: OriginalView }) {
  const { t } = useTranslation("documents");
  const seen = view.parsed?.perceptions?.find((one) => one.kind === "document");
  if (!seen) return <p className="muted">{t("boxes.none")}</p>;
  const points = pointsOf(seen);
  const start = held?.template ?? { title: "", anchors: suggestAnchors(points), fields: [], columns: [] };
  return <Desk held={held} view={view} sizes={(seen.pages ?? []).map(([w = 0, h = 0]) => [w, h] as const)} points={points} start={start} />;
}
