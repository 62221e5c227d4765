import { Input, InputNumber, Select } from "antd";
import { createContext, type ReactNode, use } from "react";
import { useTranslation } from "react-i18next";
import type { Finding } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { below, readSpan, type Unit, writeSpan } from "./model";

/** What the linter says of the action that the form shows. */
export const Findings = createContext<readonly Finding[]>([]);

interface Props {
  label: string;
  /** JSON pointer of what is edited: what the linter says of it stands below. */
  at?: string;
  note?: string;
  isWide?: boolean;
  children: ReactNode;
}

/** A label over its control, with what the linter says of the place. */
export function Field({ label, at, note, isWide, children }: Props) {
  const said = at ? below(use(Findings), at) : [];
  return (
    <div className="action-field" data-wide={isWide ?? false} data-severity={said[0]?.severity}>
      <span className="action-label">{label}</span>
      {children}
      {note && <span className="note">{note}</span>}
      {said.map((one) => (
        <span key={`${one.code}${one.pointer}`} className="action-said" data-severity={one.severity}>
          {byLocale(one.zh, one.en)}
        </span>
      ))}
    </div>
  );
}

interface SpanProps {
  label: string;
  value: string;
  units: readonly Unit[];
  /** Whether nothing may be said. */
  mayLack?: boolean;
  onChange: (text: string) => void;
}

/** A duration as a number and a unit; what is none of these stays text. */
export function SpanInput({ label, value, units, mayLack, onChange }: SpanProps) {
  const { t } = useTranslation("contractActions");
  const span = readSpan(value);
  const unit = span?.unit ?? units[0] ?? "H";
  if (value && !span) {
    return (
      <Input
        className="mono"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const all = units.includes(unit) ? units : [...units, unit];
  return (
    <span className="action-span">
      <InputNumber<number>
        aria-label={label}
        min={1}
        precision={0}
        value={span?.count ?? null}
        placeholder={mayLack ? "—" : ""}
        onChange={(count) => onChange(count === null ? "" : writeSpan({ count, unit }))}
      />
      <Select<Unit>
        aria-label={`${label} · ${t("unit")}`}
        value={unit}
        options={all.map((each) => ({ value: each, label: t(`units.${each}`) }))}
        onChange={(each) => onChange(span ? writeSpan({ count: span.count, unit: each }) : writeSpan({ count: 1, unit: each }))}
      />
    </span>
  );
}

interface TextsProps {
  label: string;
  value: { zh: string; en: string };
  at: string;
  rows?: number;
  onChange: (value: { zh: string; en: string }) => void;
}

/** The same words in Chinese and English. */
export function TextsInput({ label, value, at, rows = 1, onChange }: TextsProps) {
  const { t } = useTranslation("contractActions");
  return (
    <>
      {(["zh", "en"] as const).map((lang) => (
        <Field key={lang} label={`${label} · ${t(`langs.${lang}`)}`} at={`${at}/${lang}`} isWide={rows > 1}>
          <Input.TextArea
            aria-label={`${label} · ${t(`langs.${lang}`)}`}
            lang={lang === "zh" ? "zh-CN" : "en"}
            className="action-text"
            rows={rows}
            maxLength={2000}
            value={value[lang]}
            onChange={(event) => onChange({ ...value, [lang]: event.target.value })}
          />
        </Field>
      ))}
    </>
  );
}

interface ManyProps {
  label: string;
  value: readonly string[];
  options?: readonly { value: string; label: string }[];
  onChange: (value: string[]) => void;
}

/** Several of a list; without one, words of one's own. */
export function Many({ label, value, options, onChange }: ManyProps) {
  return (
    <Select<string[]>
      mode={options ? "multiple" : "tags"}
      aria-label={label}
      value={[...value]}
      optionFilterProp="label"
      options={options ? [...options] : []}
      {...(options ? {} : { open: false, suffixIcon: null })}
      onChange={onChange}
    />
  );
}
