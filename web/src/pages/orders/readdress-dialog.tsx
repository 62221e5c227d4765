import { InboxOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal, Segmented, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AddressTable, BulkAct, JobView } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import type { Which } from "./model";
import { PreviewNote } from "./preview-note";
import { usePreview } from "./use-preview";

interface Props {
  which: Which;
  onClose: () => void;
  onBegun: (job: JobView) => void;
}

const PLACE = ["province", "city", "district", "detail", "name", "phone"] as const;
const NEEDED = ["province", "city", "detail"] as const;
const TYPES = ".csv,.txt,.tsv,.xlsx,.xlsm";
const REASON_CHARS = 200;
const LEFT_OUT = 8;

type Place = Record<(typeof PLACE)[number], string>;
const NOWHERE: Place = { province: "", city: "", district: "", detail: "", name: "", phone: "" };

/** 批量改址: one address for the orders of one receiver, or a table with each order's own. */
export default function ReaddressDialog({ which, onClose, onBegun }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const hasSome = !("ids" in which) || which.ids.length > 0;
  const [way, setWay] = useState<"one" | "table">(hasSome ? "one" : "table");
  const [place, setPlace] = useState(NOWHERE);
  const [reason, setReason] = useState("");
  const upload = useMutation({
    mutationFn: (file: File) =>
      ask<AddressTable>("/v1/bulk/addresses", {
        method: "POST",
        body: file,
        headers: { "content-type": "application/octet-stream" },
      }),
  });
  const table = upload.data;
  const isPlaced = NEEDED.every((name) => place[name].trim() !== "");
  const body: BulkAct | null =
    way === "one"
      ? isPlaced
        ? { act: "readdress", ...which, receiver: place, reason: reason.trim() }
        : null
      : table?.batch
        ? { act: "readdress", batch: table.batch, reason: reason.trim() }
        : null;
  const begin = useMutation({
    mutationFn: () => ask<JobView>("/v1/bulk", { method: "POST", json: body }),
    onSuccess: onBegun,
  });
  const preview = usePreview(begin.isPending || begin.isSuccess ? null : body);
  const able = body ? (preview.data?.able ?? 0) : 0;
  const word = t("acts.readdress");
  return (
    <Modal open width={560} title={t("readdress.title")} footer={null} onCancel={onClose}>
      <form
        className="orders-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() && able > 0) begin.mutate();
        }}
      >
        {hasSome && (
          <Segmented<"one" | "table">
            value={way}
            options={(["one", "table"] as const).map((value) => ({
              value,
              label: t(`readdress.${value}`),
            }))}
            onChange={setWay}
          />
        )}
        {way === "one" ? (
          <>
            <div className="orders-place">
              {PLACE.map((name) => (
                <label key={name} data-wide={name === "detail"}>
                  <span>{t(`readdress.place.${name}`)}</span>
                  <Input
                    autoComplete="off"
                    maxLength={name === "detail" ? 500 : 64}
                    value={place[name]}
                    onChange={(event) => setPlace({ ...place, [name]: event.target.value })}
                  />
                </label>
              ))}
            </div>
            <p className="note">{t("readdress.oneNote")}</p>
          </>
        ) : (
          <>
            <Upload.Dragger
              accept={TYPES}
              maxCount={1}
              showUploadList={false}
              disabled={upload.isPending}
              beforeUpload={(file) => {
                upload.mutate(file);
                return false;
              }}
            >
              <p className="imports-drop">
                <InboxOutlined />
              </p>
              <p>{t(upload.isPending ? "readdress.reading" : "readdress.drop")}</p>
              <p className="note">{t("readdress.columns")}</p>
            </Upload.Dragger>
            {upload.error && <ProblemNote problem={asProblem(upload.error)} />}
            {table && <Rows table={table} />}
          </>
        )}
        <label>
          <span>{t("reason")}</span>
          <Input
            value={reason}
            maxLength={REASON_CHARS}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {preview.error && (
          <ProblemNote
            problem={asProblem(preview.error)}
            onRetry={() => void preview.refetch()}
          />
        )}
        {body && (
          <PreviewNote act="readdress" preview={preview.data} isLooking={preview.isFetching} />
        )}
        {begin.error && <ProblemNote problem={asProblem(begin.error)} />}
        <div className="orders-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button
            type="primary"
            htmlType="submit"
            disabled={!reason.trim() || able === 0}
            loading={begin.isPending}
          >
            {able > 0 ? t("doIt", { act: word, count: able, number: count(able) }) : word}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** What was read of a table: how many rows have their order, which do not and why. */
function Rows({ table }: { table: AddressTable }) {
  const { t } = useTranslation("orders");
  const out = table.rows.filter((row) => row.code !== "");
  return (
    <section className="orders-preview" aria-label={t("readdress.rows")}>
      <p role="status">
        {t("readdress.taken", { n: count(table.taken), of: count(table.rows.length) })}
      </p>
      {out.length > 0 && (
        <ul>
          {out.slice(0, LEFT_OUT).map((row) => (
            <li key={row.row}>
              <b>{t("readdress.row", { no: row.row })}</b> {byLocale(row.reason ?? "", row.reason_en ?? "")}
            </li>
          ))}
          {out.length > LEFT_OUT && <li>{t("readdress.more", { n: count(out.length - LEFT_OUT) })}</li>}
        </ul>
      )}
    </section>
  );
}
