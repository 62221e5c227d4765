import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Select, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PerceiverSamples, PerceiverView, PerceiverSample, PerceiverTried } from "@/api/types.gen";
import { ask } from "@/client";
import { count, share } from "@/format";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH, price, SAMPLES, SURE } from "./model";
import { Seen } from "./seen";
import { codeWords } from "./words";

/** Tries a service on a kept sample or a file: what it saw, how long it took, what it cost. */
export function Trial({ one, onClose }: { one: PerceiverView; onClose: () => void }) {
  const { t } = useTranslation("modalities");
  const words = useProblemWords();
  const samples = useQuery({
    queryKey: [...KEY, "samples"],
    queryFn: ({ signal }) => ask<PerceiverSamples>(SAMPLES, { signal }),
  });
  const [file, setFile] = useState<File | null>(null);
  const [chosen, choose] = useState<string | null>(null);
  const mine = (samples.data?.items ?? []).filter((each) => each.kind === one.kind);
  const sample = mine.find((each) => each.id === chosen);
  const tried = useMutation({
    mutationFn: () => send(one, sample, file),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...KEY, "services"] }),
  });
  return (
    <section className="modalities-trial" aria-label={t("tryTitle", { name: one.title })}>
      <h3>{t("tryTitle", { name: one.title })}</h3>
      <p className="note">{t("tryNote")}</p>
      <div className="modalities-pick">
        {mine.length > 0 && (
          <Select
            aria-label={t("sample")}
            placeholder={t("sample")}
            allowClear
            value={chosen}
            onChange={(id: string | undefined) => {
              choose(id ?? null);
              setFile(null);
            }}
            options={mine.map((each) => ({ value: each.id, label: each.name || each.media_type }))}
          />
        )}
        <Upload
          showUploadList={false}
          beforeUpload={(picked) => {
            setFile(picked);
            choose(null);
            return false;
          }}
        >
          <Button>{file ? file.name : t("pickFile")}</Button>
        </Upload>
        <Button
          type="primary"
          disabled={!sample && !file}
          loading={tried.isPending}
          onClick={() => tried.mutate()}
        >
          {t("tryNow")}
        </Button>
        <Button onClick={onClose}>{t("endTrial")}</Button>
      </div>
      {file && <KeepSample key={file.name} kind={one.kind} file={file} />}
      {tried.error && <Alert type="error" showIcon role="alert" title={words(asProblem(tried.error))} />}
      {tried.data && <Result told={tried.data} sample={sample} file={file} />}
    </section>
  );
}

function send(one: PerceiverView, sample: PerceiverSample | undefined, file: File | null): Promise<PerceiverTried> {
  const path = `${PATH}/${one.id}/test`;
  if (sample) return ask<PerceiverTried>(`${path}?sample=${sample.id}`, { method: "POST" });
  const named = file ? `?name=${encodeURIComponent(file.name.slice(0, 200))}` : "";
  return ask<PerceiverTried>(path + named, {
    method: "POST",
    ...(file && { body: file, headers: { "Content-Type": file.type || "application/octet-stream" } }),
  });
}

function Result({ told, sample, file }: { told: PerceiverTried; sample: PerceiverSample | undefined; file: File | null }) {
  const { t } = useTranslation("modalities");
  const agreed = told.agreed ?? -1;
  if (told.end !== "done" || !told.perception) {
    return (
      <Alert
        type={told.end === "refused" ? "warning" : "error"}
        showIcon
        role="status"
        title={t(told.end === "refused" ? "triedRefused" : "triedFailed", {
          why: codeWords(t, told.code ?? ""),
        })}
        description={told.trouble}
      />
    );
  }
  return (
    <div className="modalities-seen">
      <p role="status">
        {t("triedDone", { ms: count(told.took_ms), cost: price(told.cost ?? 0) })}
        {agreed >= 0 && ` ${t("triedAgreed", { share: share(agreed / SURE, 1) })}`}
      </p>
      <Seen told={told.perception} sample={sample} file={file} />
    </div>
  );
}

/** Keeps the file as a sample, with the text that is in it, so that others are tried on the same. */
function KeepSample({ kind, file }: { kind: string; file: File }) {
  const { t } = useTranslation("modalities");
  const notice = useNotice();
  const [expects, expect] = useState("");
  const kept = useMutation({
    mutationFn: () => {
      const asked = new URLSearchParams({ kind, name: file.name.slice(0, 200), expects });
      return ask<PerceiverSample>(`${SAMPLES}?${asked.toString()}`, {
        method: "POST",
        body: file,
        headers: { "Content-Type": file.type || "application/octet-stream" },
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [...KEY, "samples"] });
      notice.done(t("sampleKept", { name: file.name }));
    },
    onError: (error) => notice.failed(error),
  });
  if (kept.isSuccess) return null;
  return (
    <div className="modalities-keep">
      <Input.TextArea
        aria-label={t("expects")}
        placeholder={t("expects")}
        maxLength={2_000}
        rows={2}
        value={expects}
        onChange={(event) => expect(event.target.value)}
      />
      <Button loading={kept.isPending} onClick={() => kept.mutate()}>
        {t("keepSample")}
      </Button>
    </div>
  );
}
