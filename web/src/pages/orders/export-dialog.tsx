import { useMutation } from "@tanstack/react-query";
import { Alert, Input, Modal, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { type HubJob, showHubJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import type { Which } from "./bulk-dialog";

const FORMS = ["csv", "xlsx", "parquet"] as const;

interface Props {
  which: Which;
  columns: readonly string[];
  number: string;
  onClose: () => void;
}

/** A file of orders, made in the background; what it is for stands in it and in the log. */
export function ExportDialog({ which, columns, number, onClose }: Props) {
  const { t, i18n } = useTranslation(["orders", "common"]);
  const notice = useNotice();
  const told = useProblemWords();
  const [form, setForm] = useState<(typeof FORMS)[number]>("xlsx");
  const [purpose, setPurpose] = useState("");
  const begin = useMutation({
    mutationFn: () =>
      ask<HubJob>("/v1/exports", {
        method: "POST",
        json: {
          ...which,
          form,
          columns,
          purpose: purpose.trim(),
          lang: i18n.language === "en" ? "en" : "zh",
        },
      }),
    onSuccess: (job) => {
      showHubJob(job, (name) => t(`common:jobs.kinds.${name}`, { defaultValue: name }));
      notice.done(t("exportBegun"));
      onClose();
    },
  });
  return (
    <Modal
      open
      width={480}
      title={t("export")}
      okText={t("exportIt", { number })}
      cancelText={t("common:acts.back")}
      okButtonProps={{ disabled: purpose.trim().length < 4 }}
      confirmLoading={begin.isPending}
      onOk={() => begin.mutate()}
      onCancel={onClose}
    >
      <div className="orders-dialog">
        {begin.error && (
          <Alert type="error" showIcon role="alert" title={told(asProblem(begin.error))} />
        )}
        <Segmented
          block
          aria-label={t("form")}
          value={form}
          options={FORMS.map((one) => ({ value: one, label: t(`forms.${one}`) }))}
          onChange={setForm}
        />
        <Input
          autoFocus
          value={purpose}
          maxLength={200}
          aria-label={t("purpose")}
          placeholder={t("purpose")}
          onChange={(event) => setPurpose(event.target.value)}
        />
        <p className="note">{t("exportNote")}</p>
      </div>
    </Modal>
  );
}
