import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { JobView, NewExport } from "@/api/types.gen";
import { ask } from "@/client";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import type { Which } from "./model";

const FORMS = ["xlsx", "csv", "parquet"] as const;
/** What can be exported, in the order in which it is offered. */
const COLUMNS = [
  "number", "channel", "shop", "state", "holds", "promise", "due", "placed", "paid_at", "goods",
  "units", "currency", "total", "paid", "discount", "postage", "region", "warehouse", "carrier",
  "waybill", "tags", "assignee", "receiver", "phone", "address",
] as const;
const PERSONAL = { receiver: "name", phone: "phone", address: "address" } as const;
const PURPOSE_MIN = 4;
const PURPOSE_MAX = 200;

interface Props {
  which: Which;
  /** The columns that the table shows: what is offered at first. */
  shown: readonly string[];
  number: string;
  onClose: () => void;
  onBegun: (job: JobView) => void;
}

/** A file of orders, made in the background; what it is for stands in it and in the log. */
export default function ExportDialog({ which, shown, number, onClose, onBegun }: Props) {
  const { t, i18n } = useTranslation(["orders", "common"]);
  const [form, setForm] = useState<(typeof FORMS)[number]>("xlsx");
  const [columns, setColumns] = useState<string[]>(() => shown.filter((one) => isColumn(one)));
  const [purpose, setPurpose] = useState("");
  const sees = { name: useMay("field.name"), phone: useMay("field.phone"), address: useMay("field.address") };
  const masked = columns.flatMap((one) => {
    const field = PERSONAL[one as keyof typeof PERSONAL];
    return field && !sees[field] ? [t(`exports.${one}`)] : [];
  });
  const begin = useMutation({
    mutationFn: () => {
      const json: NewExport = {
        ...which,
        form,
        columns,
        purpose: purpose.trim(),
        lang: i18n.language === "en" ? "en" : "zh",
      };
      return ask<JobView>("/v1/exports", { method: "POST", json });
    },
    onSuccess: onBegun,
  });
  const isReady = purpose.trim().length >= PURPOSE_MIN && columns.length > 0;
  return (
    <Modal open width={480} title={t("exportTitle", { number })} footer={null} onCancel={onClose}>
      <form
        className="orders-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) begin.mutate();
        }}
      >
        <Segmented
          block
          aria-label={t("form")}
          value={form}
          options={FORMS.map((one) => ({ value: one, label: one.toUpperCase() }))}
          onChange={setForm}
        />
        <label>
          <span>{t("common:table.columns")}</span>
          <Select
            mode="multiple"
            value={columns}
            options={COLUMNS.map((one) => ({ value: one, label: t(`exports.${one}`) }))}
            onChange={setColumns}
          />
        </label>
        <label>
          <span>{t("purpose")}</span>
          <Input
            autoFocus
            value={purpose}
            maxLength={PURPOSE_MAX}
            placeholder={t("purposeHint")}
            onChange={(event) => setPurpose(event.target.value)}
          />
        </label>
        <p className="note">
          {t("exportNote")}
          {masked.length > 0 && t("exportMasked", { fields: masked.join(t("comma")) })}
        </p>
        {begin.error && <ProblemNote problem={asProblem(begin.error)} />}
        <div className="orders-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" disabled={!isReady} loading={begin.isPending}>
            {t("exportIt", { number })}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function isColumn(name: string): boolean {
  return COLUMNS.some((one) => one === name);
}
