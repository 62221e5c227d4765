import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { BillDue, BillForms, Term } from "@/api/types.gen";
import { ask } from "@/client";
import { RECONCILE_KEY, useWords } from "./words";

export const CHANNELS = ["taobao", "jd", "pdd", "douyin", "wechat-miniprogram"];
const DAYS_MAX = 400;
const DUE_MAX = 60;

interface ListProps<Row> {
  rows: readonly Row[];
  mayChange: boolean;
  onChange: (rows: Row[]) => void;
}

/** 账期: within how many days after payment a channel's bill must hold the money. */
export function Terms({ rows, mayChange, onChange }: ListProps<Term>) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const set = (at: number, more: Partial<Term>) =>
    onChange(rows.map((one, no) => (no === at ? { ...one, ...more } : one)));
  const free = CHANNELS.filter((name) => !rows.some((one) => one.channel === name));
  return (
    <fieldset className="reconcile-list">
      <legend>{t("term.title")}</legend>
      {rows.map((one, at) => (
        <div key={one.channel} className="reconcile-rules">
          <label>
            <span>{t("term.channel")}</span>
            <Select
              aria-label={t("term.channel")}
              disabled={!mayChange}
              value={one.channel}
              options={[one.channel, ...free].map((value) => ({ value, label: words.book(value) }))}
              onChange={(channel) => set(at, { channel })}
            />
          </label>
          <label>
            <span>{t("term.days")}</span>
            <InputNumber min={0} max={DAYS_MAX} precision={0} disabled={!mayChange} value={one.days} onChange={(days) => set(at, { days: days ?? 0 })} />
          </label>
          {mayChange && (
            <Button type="text" icon={<DeleteOutlined />} aria-label={t("term.drop")} onClick={() => onChange(rows.filter((_, no) => no !== at))} />
          )}
        </div>
      ))}
      {mayChange && free.length > 0 && (
        <Button size="small" icon={<PlusOutlined />} onClick={() => onChange([...rows, { channel: free[0] ?? "", days: 15 }])}>
          {t("term.add")}
        </Button>
      )}
    </fieldset>
  );
}

/** 应到账单: which books have a bill for each day or month, and by when it must be there. */
export function Dues({ rows, mayChange, onChange }: ListProps<BillDue>) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const forms = useQuery({
    queryKey: [...RECONCILE_KEY, "forms"],
    queryFn: ({ signal }) => ask<BillForms>("/v1/bill-forms", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const known = forms.data?.items ?? [];
  const channelOf = (book: string) => known.find((one) => one.book === book)?.channel ?? "";
  const books = [...new Set([...known.map((one) => one.book), ...rows.map((one) => one.book)])];
  const free = books.filter((name) => !rows.some((one) => one.book === name));
  const set = (at: number, more: Partial<BillDue>) =>
    onChange(rows.map((one, no) => (no === at ? { ...one, ...more } : one)));
  const today = new Date().toISOString().slice(0, 10);
  const fresh = (book: string): BillDue => ({
    book,
    channel: channelOf(book),
    every: "month",
    days: 5,
    since: today,
  });
  return (
    <fieldset className="reconcile-list">
      <legend>{t("due.title")}</legend>
      {rows.length === 0 && <p className="note">{t("due.none")}</p>}
      {rows.map((one, at) => (
        <div key={one.book} className="reconcile-rules">
          <label>
            <span>{t("due.book")}</span>
            <Select
              aria-label={t("due.book")}
              disabled={!mayChange}
              value={one.book}
              options={[one.book, ...free].map((value) => ({ value, label: words.book(value) }))}
              onChange={(book) => set(at, { book, channel: channelOf(book) })}
            />
          </label>
          <label>
            <span>{t("due.channel")}</span>
            <Select
              aria-label={t("due.channel")}
              disabled={!mayChange}
              value={one.channel ?? ""}
              options={[...new Set(["", ...CHANNELS, one.channel ?? ""])].map((value) => ({
                value,
                label: value ? words.book(value) : t("due.any"),
              }))}
              onChange={(channel) => set(at, { channel })}
            />
          </label>
          <label>
            <span>{t("due.every")}</span>
            <Select
              aria-label={t("due.every")}
              disabled={!mayChange}
              value={one.every ?? "month"}
              options={(["day", "month"] as const).map((value) => ({ value, label: t(`due.${value}`) }))}
              onChange={(every) => set(at, { every })}
            />
          </label>
          <label>
            <span>{t("due.days")}</span>
            <InputNumber min={0} max={DUE_MAX} precision={0} disabled={!mayChange} value={one.days ?? 0} onChange={(days) => set(at, { days: days ?? 0 })} />
          </label>
          <label>
            <span>{t("due.since")}</span>
            <Input type="date" required disabled={!mayChange} value={one.since} onChange={(event) => set(at, { since: event.target.value })} />
          </label>
          {mayChange && (
            <Button type="text" icon={<DeleteOutlined />} aria-label={t("due.drop")} onClick={() => onChange(rows.filter((_, no) => no !== at))} />
          )}
        </div>
      ))}
      {mayChange && free.length > 0 && (
        <Button size="small" icon={<PlusOutlined />} onClick={() => onChange([...rows, fresh(free[0] ?? "")])}>
          {t("due.add")}
        </Button>
      )}
    </fieldset>
  );
}
