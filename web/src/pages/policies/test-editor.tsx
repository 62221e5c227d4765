import { InputNumber, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Field } from "./api";
import { type Op, OPS, type Test } from "./cells";
import type { Sayer } from "./sayer";

interface Props {
  field: Field;
  test: Test;
  sayer: Sayer;
  isDisabled?: boolean;
  onChange: (test: Test) => void;
}

/** A test by form controls: how it is compared, and with what. */
export function TestEditor({ field, test, sayer, isDisabled, onChange }: Props) {
  const { t } = useTranslation("policies");
  const label = sayer.name(field);
  const choices = sayer.choices(field);
  const ops = OPS[field.kind] ?? OPS.text ?? [];
  const change = (op: Op) => {
    const first = test.values[0] ?? choices?.[0]?.value ?? (field.kind === "text" ? "" : "0");
    const values = op === "any" ? [] : op === "between" ? [first, test.values[1] ?? first] : op === "in" || op === "notIn" ? (test.values.length ? test.values : [first]) : [first];
    onChange({ op, values });
  };
  const put = (at: number, value: string) =>
    onChange({ ...test, values: test.values.map((one, n) => (n === at ? value : one)) });
  return (
    <span className="policy-test">
      <Select<Op>
        aria-label={t("edit.how", { field: label })}
        value={test.op}
        disabled={isDisabled ?? false}
        popupMatchSelectWidth={false}
        options={ops.map((op) => ({ value: op, label: t(`ops.${op}`) }))}
        onChange={change}
      />
      {test.op === "in" || test.op === "notIn" ? (
        <Select
          mode={choices ? "multiple" : "tags"}
          aria-label={t("edit.value", { field: label })}
          value={[...test.values]}
          disabled={isDisabled ?? false}
          options={choices ?? []}
          onChange={(values: string[]) => onChange({ ...test, values })}
        />
      ) : (
        test.values.map((value, at) => (
          <Value
            key={at}
            field={field}
            label={t("edit.value", { field: label })}
            choices={choices}
            value={value}
            isDisabled={isDisabled ?? false}
            onChange={(next) => put(at, next)}
          />
        ))
      )}
    </span>
  );
}

interface ValueProps {
  field: Field;
  label: string;
  choices: { value: string; label: string }[] | null;
  value: string;
  isDisabled?: boolean;
  onChange: (value: string) => void;
}

/** One value of a field: chosen from its words, a number with its unit, or a text. */
export function Value({ field, label, choices, value, isDisabled, onChange }: ValueProps) {
  const { t } = useTranslation("policies");
  const isDisabledNow = isDisabled ?? false;
  if (choices) {
    return (
      <Select
        aria-label={label}
        value={value}
        disabled={isDisabledNow}
        popupMatchSelectWidth={false}
        options={choices}
        onChange={onChange}
      />
    );
  }
  if (field.kind === "text") {
    return (
      <Input
        aria-label={label}
        value={value}
        disabled={isDisabledNow}
        maxLength={64}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const isMoney = field.unit === "分";
  return (
    <InputNumber<string>
      aria-label={label}
      stringMode
      value={isMoney ? String(Number(value) / 100) : value}
      disabled={isDisabledNow}
      {...(field.kind === "int" && !isMoney ? { precision: 0 } : {})}
      suffix={isMoney ? t("edit.yuan") : field.unit === "min" ? t("say.minutes") : field.unit}
      onChange={(next) => onChange(isMoney ? String(Math.round(Number(next ?? 0) * 100)) : String(next ?? 0))}
    />
  );
}
