import { Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";

const SPAN = /^P(?:(\d+)D|T(\d+)H|T(\d+)M)$/;
type Mode = "none" | "D" | "H" | "M" | "at";

function modeOf(value: string): Mode {
  if (!value) return "none";
  const found = SPAN.exec(value);
  if (!found) return "at";
  return found[1] ? "D" : found[2] ? "H" : "M";
}

function numberOf(value: string): number {
  const found = SPAN.exec(value);
  return Number(found?.[1] ?? found?.[2] ?? found?.[3] ?? 1);
}

function write(mode: Mode, n: number): string {
  if (mode === "D") return `P${n}D`;
  return mode === "none" || mode === "at" ? "" : `PT${n}${mode}`;
}

/** Local wall clock of an instant, as a datetime-local field has it. */
function toLocal(value: string): string {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface Props {
  label: string;
  value: string;
  /** Words for no bound at all: 立即, 不限. */
  none: string;
  spanOnly?: boolean;
  instantOnly?: boolean;
  onChange: (value: string) => void;
}

/** When something is: a while after what was before, or an instant. */
export function WhenInput({ label, value, none, spanOnly, instantOnly, onChange }: Props) {
  const { t } = useTranslation("order-types");
  const mode = modeOf(value);
  const modes: Mode[] = instantOnly
    ? ["none", "at"]
    : spanOnly
      ? ["none", "M", "H", "D"]
      : ["none", "M", "H", "D", "at"];
  return (
    <div className="order-types-field">
      <span className="order-types-label">{label}</span>
      <span className="order-types-when">
        {(mode === "D" || mode === "H" || mode === "M") && (
          <InputNumber
            aria-label={label}
            min={1}
            max={9999}
            value={numberOf(value)}
            onChange={(n) => onChange(write(mode, n ?? 1))}
          />
        )}
        {mode === "at" && (
          <Input
            type="datetime-local"
            aria-label={label}
            value={toLocal(value)}
            onChange={(event) => {
              const at = new Date(event.target.value);
              if (!Number.isNaN(at.getTime())) onChange(at.toISOString());
            }}
          />
        )}
        <Select
          aria-label={t("unitOf", { label })}
          value={mode}
          options={modes.map((one) => ({
            value: one,
            label: one === "none" ? none : t(`units.${one}`),
          }))}
          onChange={(next: Mode) =>
            onChange(
              next === "at"
                ? new Date(Date.now() + 7 * 86_400_000).toISOString()
                : write(next, numberOf(value)),
            )
          }
        />
      </span>
    </div>
  );
}
