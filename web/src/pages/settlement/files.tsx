import { useMutation } from "@tanstack/react-query";
import { Button, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewVoucherFile, Settlement } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { Card } from "@/parts/card";
import { type HubJob, showHubJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { usePeriodName } from "./model";

const FORMS = ["xlsx", "csv", "parquet"] as const;
const PURPOSE_MIN = 4;
const PURPOSE_MAX = 200;

/** 导出: a period's vouchers as a file for finance's own books, made in the background. */
export function Files({ found }: { found: Settlement }) {
  const { t, i18n } = useTranslation(["settlement", "common", "rights"]);
  const { asked, ask } = useAsked();
  const nameOf = usePeriodName();
  const notice = useNotice();
  const mayExport = useMay("export.make");
  const [form, setForm] = useState<(typeof FORMS)[number]>("xlsx");
  const [purpose, setPurpose] = useState("");
  const period = Number(asked("period")) || found.next;
  const isReady = mayExport && purpose.trim().length >= PURPOSE_MIN;
  const begin = useMutation({
    mutationFn: () => {
      const json: NewVoucherFile = {
        period,
        form,
        purpose: purpose.trim(),
        lang: i18n.language === "en" ? "en" : "zh",
      };
      return askHub<HubJob>("/v1/settlement/exports", { method: "POST", json });
    },
    onSuccess: (job) => {
      showHubJob(job, (name) => t(`common:jobs.kinds.${name}`, { defaultValue: name }));
      notice.done(t("fileBegun", { period: nameOf(period) }), { to: `/jobs/${job.id}` });
    },
  });
  return (
    <Card title={t("tabs.files")} note={t("filesNote")}>
      <form
        className="settlement-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) begin.mutate();
        }}
      >
        <label htmlFor="file-period">
          <span>{t("period")}</span>
          <Select
            id="file-period"
            value={period}
            options={found.periods.map((one) => ({ value: one.period, label: nameOf(one.period) }))}
            onChange={(value) => ask({ period: String(value) })}
          />
        </label>
        <Segmented
          aria-label={t("form")}
          value={form}
          options={FORMS.map((one) => ({ value: one, label: one.toUpperCase() }))}
          onChange={setForm}
        />
        <label>
          <span>{t("purpose")}</span>
          <Input
            value={purpose}
            maxLength={PURPOSE_MAX}
            placeholder={t("purposeHint")}
            onChange={(event) => setPurpose(event.target.value)}
          />
        </label>
        <p className="note">{t("fileColumns")}</p>
        {!mayExport && <p className="note">{t("mayNot", { right: t("rights:export.make") })}</p>}
        {begin.error && <ProblemNote problem={asProblem(begin.error)} />}
        <div className="settlement-buttons">
          <Button type="primary" htmlType="submit" disabled={!isReady} loading={begin.isPending}>
            {t("exportIt", { period: nameOf(period) })}
          </Button>
        </div>
      </form>
    </Card>
  );
}
