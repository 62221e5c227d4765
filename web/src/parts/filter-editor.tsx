import { Button, Checkbox, Input, InputNumber, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Filter, type FilterField, OPS_OF, type Operator } from "./filters";

interface Props {
  field: FilterField;
  filter?: Filter;
  onApply: (filter: Filter) => void;
}

/** The popover of a chip: operator and values of one field. */
export default function FilterEditor({ field, filter, onApply }: Props) {
  const { t } = useTranslation();
  const ops = field.ops ?? OPS_OF[field.kind];
  const [op, setOp] = useState<Operator>(filter?.op ?? ops[0] ?? "in");
  const [values, setValues] = useState<readonly string[]>(filter?.values ?? []);
  const apply = () => onApply({ field: field.key, op, values });
  return (
    <form
      className="filter-editor"
      aria-label={field.label}
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {ops.length > 1 && (
        <Segmented<Operator>
          size="small"
          value={op}
          options={ops.map((one) => ({ value: one, label: t(`filters.op.${field.kind}.${one}`) }))}
          onChange={setOp}
        />
      )}
      <Values field={field} values={values} onChange={setValues} />
      <div className="filter-foot">
        <Button
          size="small"
          onClick={() => onApply({ field: field.key, op, values: [] })}
          disabled={filter === undefined}
        >
          {t("filters.clear")}
        </Button>
        <Button size="small" type="primary" htmlType="submit">
          {t("filters.apply")}
        </Button>
      </div>
    </form>
  );
}

interface ValuesProps {
  field: FilterField;
  values: readonly string[];
  onChange: (values: readonly string[]) => void;
}

const FEW = 12;

function Values({ field, values, onChange }: ValuesProps) {
  const { t } = useTranslation();
  if (field.kind === "choice") return <Choices field={field} values={values} onChange={onChange} />;
  if (field.kind === "time") return <Time field={field} values={values} onChange={onChange} />;
  if (field.kind === "flag") {
    return (
      <Segmented
        value={values[0] ?? ""}
        options={["yes", "no"].map((value) => ({ value, label: t(`filters.flag.${value}`) }))}
        onChange={(value) => onChange([value])}
      />
    );
  }
  if (field.kind === "money" || field.kind === "number") {
    const isMoney = field.kind === "money";
    const scale = isMoney ? 100 : 1;
    const held = values[0] === undefined ? null : Number(values[0]) / scale;
    return (
      <InputNumber
        autoFocus
        aria-label={field.label}
        prefix={isMoney ? "¥" : undefined}
        precision={isMoney ? 2 : 0}
        value={held}
        onChange={(value) => onChange(value === null ? [] : [String(Math.round(value * scale))])}
      />
    );
  }
  return (
    <Input
      autoFocus
      aria-label={field.label}
      value={values[0] ?? ""}
      onChange={(event) => onChange(event.target.value.trim() ? [event.target.value.trim()] : [])}
    />
  );
}

function Choices({ field, values, onChange }: ValuesProps) {
  const options = field.options ?? [];
  if (options.length === 0 || options.length > FEW) {
    return (
      <Select
        autoFocus
        mode={options.length === 0 ? "tags" : "multiple"}
        aria-label={field.label}
        className="filter-select"
        value={[...values]}
        options={[...options]}
        optionFilterProp="label"
        onChange={(next: string[]) => onChange(next)}
      />
    );
  }
  return (
    <Checkbox.Group
      className="filter-choices"
      value={[...values]}
      options={options.map(({ value, label }) => ({ value, label }))}
      onChange={(next) => onChange(next.map(String))}
    />
  );
}

const QUICK = ["0m", "yesterday", "today", "tomorrow"] as const;
const UNITS = ["m", "h", "d"] as const;

function Time({ field, values, onChange }: ValuesProps) {
  const { t } = useTranslation();
  const value = values[0] ?? "";
  const span = /^(\d+)([mhd])$/.exec(value);
  const amount = span ? Number(span[1]) : null;
  const [unit, setUnit] = useState(span?.[2] ?? "h");
  const exact = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.exec(value)?.[0] ?? "";
  return (
    <div className="filter-time">
      <span>
        <InputNumber
          autoFocus
          aria-label={field.label}
          min={0}
          precision={0}
          value={amount}
          onChange={(next) => onChange(next === null ? [] : [`${next}${unit}`])}
        />
        <Segmented
          size="small"
          value={unit}
          options={UNITS.map((one) => ({ value: one, label: t(`filters.unit.${one}`) }))}
          onChange={(next) => {
            setUnit(next);
            if (amount !== null) onChange([`${amount}${next}`]);
          }}
        />
      </span>
      <span>
        {QUICK.map((quick) => (
          <Button
            key={quick}
            size="small"
            type={value === quick ? "primary" : "default"}
            onClick={() => onChange([quick])}
          >
            {quick === "0m" ? t("filters.now") : t(`filters.day.${quick}`)}
          </Button>
        ))}
      </span>
      <label>
        {t("filters.instant")}{" "}
        <input
          type="datetime-local"
          value={exact}
          onChange={(event) =>
            onChange(event.target.value ? [`${event.target.value}:00+08:00`] : [])
          }
        />
      </label>
    </div>
  );
}
