import { useTranslation } from "react-i18next";
import type { ValuationInputs, ValuationResult, InputSpan } from "@/api/types.gen";
import { count, money } from "@/format";
import { Chart } from "@/parts/chart";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { short } from "./model";

const ROW_PX = 34;
const SWINGS = 8;
const MONEY_CODES = /^(cost\.(compute|storage|labour|purchase)|income\.(licences|benefit|upkeep))$/;

/** An input's value in its own unit. */
export function told(code: string, value: number): string {
  if (MONEY_CODES.test(code)) return money(value);
  return code === "income.life" ? count(value) : `${(value / 10).toFixed(1)}%`;
}

/** Bars that float: from a low end to a high one, one a row. */
function floating(names: readonly string[], ends: readonly (readonly [number, number])[]) {
  return {
    grid: { left: 8, right: 24, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", min: 0, axisLabel: { formatter: (fen: number) => short(fen) } },
    yAxis: { type: "category", inverse: true, data: [...names] },
    series: [
      {
        type: "bar",
        stack: "range",
        silent: true,
        itemStyle: { color: "transparent" },
        data: ends.map(([low]) => Math.max(0, low)),
      },
      {
        type: "bar",
        stack: "range",
        barMaxWidth: 14,
        data: ends.map(([low, high]) => Math.max(0, high - Math.max(0, low))),
      },
    ],
  };
}

/** Each method's range beside the whole. */
export function MethodChart({ result }: { result: ValuationResult }) {
  const { t } = useTranslation("assetValue");
  const rows = [
    { name: t("whole"), range: result.range },
    ...result.methods.map((one) => ({
      name: t("methodWeight", { method: t(`methods.${one.method}`), share: one.weight / 10 }),
      range: one.range,
    })),
  ];
  return (
    <Chart
      label={t("views.methods")}
      height_px={rows.length * ROW_PX + 40}
      option={floating(
        rows.map((one) => one.name),
        rows.map((one) => [one.range.low, one.range.high] as const),
      )}
      table={{
        head: [t("method"), t("p10"), t("p50"), t("p90"), t("least"), t("most")],
        rows: rows.map(({ name, range }) => [
          name,
          money(range.low),
          money(range.mid),
          money(range.high),
          money(range.least),
          money(range.most),
        ]),
      }}
    />
  );
}

/** What the whole would be with one input at its ends: the greatest swing first. */
export function SwingChart({ result }: { result: ValuationResult }) {
  const { t } = useTranslation("assetValue");
  const swings = result.swings.slice(0, SWINGS);
  if (swings.length === 0) return <p className="note">{t("noSwings")}</p>;
  return (
    <Chart
      label={t("views.swings")}
      height_px={swings.length * ROW_PX + 40}
      option={floating(
        swings.map((one) => t(`inputs.${one.code}`)),
        swings.map(
          (one) => [Math.min(one.at_low, one.at_high), Math.max(one.at_low, one.at_high)] as const,
        ),
      )}
      table={{
        head: [t("input"), t("atLow"), t("atHigh")],
        rows: result.swings.map((one) => [
          t(`inputs.${one.code}`),
          money(one.at_low),
          money(one.at_high),
        ]),
      }}
    />
  );
}

/** Every input with its range and who says so. */
export function InputTable({ inputs }: { inputs: ValuationInputs }) {
  const { t } = useTranslation("assetValue");
  return (
    <>
      <SmallTable<InputSpan>
        caption={t("views.inputs")}
        columns={[
          { key: "code", title: t("input"), render: (one) => t(`inputs.${one.code}`) },
          { key: "low", title: t("low"), isNumber: true, render: (one) => told(one.code, one.low) },
          { key: "mid", title: t("mid"), isNumber: true, render: (one) => told(one.code, one.mid) },
          { key: "high", title: t("high"), isNumber: true, render: (one) => told(one.code, one.high) },
          {
            key: "told",
            title: t("origin"),
            render: (one) => (
              <>
                <ToneTag tone={one.told === "assumed" ? "risk" : "plain"}>
                  {t(`told.${one.told ?? "person"}`)}
                </ToneTag>{" "}
                <span className="note">{one.note}</span>
              </>
            ),
          },
        ]}
        rows={inputs.spans}
        keyOf={(one) => one.code}
        empty={t("noInputs")}
      />
      {(inputs.comparables ?? []).length > 0 && (
        <SmallTable
          caption={t("comparables")}
          columns={[
            { key: "name", title: t("comparable"), render: (one) => one.name },
            { key: "price", title: t("price"), isNumber: true, render: (one) => money(one.price_fen) },
            { key: "source", title: t("origin"), render: (one) => one.source || "—" },
          ]}
          rows={inputs.comparables ?? []}
          keyOf={(one) => one.name}
          empty=""
        />
      )}
    </>
  );
}
