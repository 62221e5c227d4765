import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AssociationRule, AssociationsMined } from "@/api/types.gen";
import { count, share } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { goods, keyOf, times } from "./words";

interface Props {
  mined: AssociationsMined;
  chosen: AssociationRule | undefined;
  mayPropose: boolean;
  onChoose: (rule: AssociationRule | null) => void;
  onPropose: (rule: AssociationRule) => void;
}

const MILLI = 1_000;

/** The rules that chance doesn't explain, the surest first; one of them by days. */
export function Rules({ mined, chosen, mayPropose, onChoose, onPropose }: Props) {
  const { t } = useTranslation("associations");
  const percent = (thousandths: number) => share(thousandths / MILLI, 1);
  const isSequence = mined.kind === "sequence";
  const columns: SmallColumn<AssociationRule>[] = [
    {
      key: "rule",
      title: t("columns.rule"),
      render: (rule) => (
        <Button
          type="link"
          size="small"
          className="associations-rule"
          aria-pressed={chosen === rule}
          onClick={() => onChoose(chosen === rule ? null : rule)}
        >
          {goods(rule.first_name, rule.first)} → {goods(rule.then_name, rule.then)}
        </Button>
      ),
    },
    { key: "both", title: t("columns.both"), render: (rule) => count(rule.both), isNumber: true },
    { key: "support", title: t("columns.support"), render: (rule) => percent(rule.support), isNumber: true },
    { key: "confidence", title: t("columns.confidence"), render: (rule) => percent(rule.confidence), isNumber: true },
    { key: "otherwise", title: t("columns.otherwise"), render: (rule) => percent(rule.otherwise), isNumber: true },
    { key: "lift", title: t("columns.lift"), render: (rule) => times(rule.lift), isNumber: true },
    { key: "q", title: t("columns.q"), render: (rule) => rule.q, isNumber: true },
  ];
  if (mayPropose && isSequence)
    columns.push({
      key: "propose",
      title: t("columns.act"),
      render: (rule) => (
        <Button size="small" onClick={() => onPropose(rule)}>
          {t("propose.open")}
        </Button>
      ),
    });
  return (
    <>
      <Card
        title={t("rules")}
        note={
          mined.mined
            ? t(isSequence ? "basisBuyers" : "basisOrders", {
                units: count(mined.units),
                items: count(mined.items),
                q: mined.q_max,
              })
            : undefined
        }
        isFlush
      >
        <SmallTable
          caption={t("rules")}
          columns={columns}
          rows={mined.rules}
          keyOf={keyOf}
          empty={t(mined.mined ? "none" : "never")}
        />
      </Card>
      {chosen && chosen.days.length > 1 && <Days rule={chosen} />}
    </>
  );
}

/** How the share that bought the other grows by days, beside those who never bought the first. */
function Days({ rule }: { rule: AssociationRule }) {
  const { t } = useTranslation("associations");
  const label = t("byDays", {
    first: goods(rule.first_name, rule.first),
    then: goods(rule.then_name, rule.then),
  });
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
      legend: { top: 0 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: rule.days.map((_, day) => String(day)) },
      yAxis: { type: "value", axisLabel: { formatter: "{value}%" } },
      series: [
        { type: "line", name: t("columns.confidence"), showSymbol: false, data: rule.days.map((one) => one / 10) },
        {
          type: "line",
          name: t("columns.otherwise"),
          showSymbol: false,
          lineStyle: { type: "dashed" },
          data: rule.days.map(() => rule.otherwise / 10),
        },
      ],
    }),
    [rule, t],
  );
  return (
    <Card title={label}>
      <Chart
        label={label}
        option={option}
        table={{
          head: [t("day"), t("columns.confidence")],
          rows: rule.days.map((one, day) => [String(day), share(one / MILLI, 1)]),
        }}
      />
    </Card>
  );
}
