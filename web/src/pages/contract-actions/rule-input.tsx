import { Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { SpanInput } from "./field";

interface Props {
  name: string;
  rule: string;
  quantities: readonly string[];
  onChange: (rule: string) => void;
}

const SPANS = new Set(["expiry", "duration", "gap"]);
const FIRST: Readonly<Record<string, string>> = {
  expiry: "expiry >= P180D",
  duration: "duration >= PT10S",
  gap: "gap <= PT2M",
  temp: "temp in 2000..8000",
  count: "count >= 1",
  score: "score >= 800",
  amount: "amount >= 1",
};
/** How many of the stored unit make one that people write: 分, thousandths of a degree. */
const SCALE: Readonly<Record<string, number>> = { temp: 1000, amount: 100 };

/** A check of the evidence's value from the closed list, as quantity, comparison and value. */
export function RuleInput({ name, rule, quantities, onChange }: Props) {
  const { t } = useTranslation("contractActions");
  const found = /^([a-z]+) (>=|<=) (\S+)$/.exec(rule);
  const within = /^([a-z]+) in (-?\d+)\.\.(-?\d+)$/.exec(rule);
  const quantity = found?.[1] ?? within?.[1] ?? "";
  const label = `${name} · ${t("evidence.rule")}`;
  if (rule && !quantity) {
    return (
      <Input
        className="mono"
        aria-label={label}
        value={rule}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const scale = SCALE[quantity] ?? 1;
  const value = found?.[3] ?? "";
  return (
    <span className="action-span">
      <Select
        allowClear
        aria-label={label}
        placeholder="—"
        value={quantity || null}
        options={[...new Set([...quantities, ...(quantity ? [quantity] : [])])].map((code) => ({
          value: code,
          label: t(`quantities.${code}`),
        }))}
        onChange={(next: string | null) => onChange(next ? (FIRST[next] ?? "") : "")}
      />
      {found && SPANS.has(quantity) && (
        <>
          <span>{found[2] === ">=" ? "≥" : "≤"}</span>
          <SpanInput
            label={`${label} · ${t("value")}`}
            value={value}
            units={["S", "M", "H", "D"]}
            onChange={(span) => onChange(`${quantity} ${found[2]} ${span}`)}
          />
        </>
      )}
      {found && !SPANS.has(quantity) && (
        <InputNumber<number>
          aria-label={`${label} · ${t("value")}`}
          prefix={found[2] === ">=" ? "≥" : "≤"}
          value={Number(value) / scale}
          onChange={(next) =>
            onChange(`${quantity} ${found[2]} ${Math.round((next ?? 0) * scale)}`)
          }
        />
      )}
      {within &&
        [2, 3].map((end) => (
          <InputNumber<number>
            key={end}
            aria-label={`${label} · ${t(end === 2 ? "holds.low" : "holds.high")}`}
            value={Number(within[end]) / scale}
            onChange={(next) => {
              const ends = [within[2], within[3]];
              ends[end - 2] = String(Math.round((next ?? 0) * scale));
              onChange(`${quantity} in ${ends[0]}..${ends[1]}`);
            }}
          />
        ))}
    </span>
  );
}
