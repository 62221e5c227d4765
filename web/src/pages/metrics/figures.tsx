import { DatePicker, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { MetricAnswer, MetricShown } from "@/api/types.gen";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { useValueWords } from "@/pages/asset/model";
import { asProblem } from "@/problem";
import { change, dayBefore, figure, TIMES, titleOf, useFigures } from "./model";

const DAYS = [7, 30, 90, 365, 0] as const;
const BARS = 16;

/** 试算: what the metric comes to, split as one likes, now or as it was known on a day. */
export function Figures({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const { asked, ask } = useAsked();
  const { metric } = shown;
  const dimensions = metric.dimensions ?? [];
  const by = dimensions.some((one) => one.name === asked("by")) ? asked("by") : (dimensions[0]?.name ?? "");
  const days = asked("days") ? Number(asked("days")) : 30;
  const asOf = asked("asof");
  const read = useFigures({ code: metric.code, by, days, asOf }, shown.may_see);
  return (
    <Card
      title={t("figures")}
      note={asOf ? t("knownAt", { day: asOf }) : t("knownNow")}
      extra={
        shown.may_see && (
          <span className="metric-asking">
            <Select
              aria-label={t("by")}
              value={by}
              options={dimensions.map((one) => ({ value: one.name, label: titleOf(one.title, one.name) }))}
              onChange={(value) => ask({ by: value })}
            />
            <Select
              aria-label={t("window")}
              value={days}
              options={DAYS.map((one) => ({ value: one, label: t(one ? "lastDays" : "allTime", { count: one }) }))}
              onChange={(value) => ask({ days: String(value) })}
            />
            <DatePicker
              aria-label={t("asOf")}
              placeholder={t("asOf")}
              value={asOf ? dayjs(asOf) : null}
              maxDate={dayjs(dayBefore(0))}
              onChange={(value) => ask({ asof: value ? value.format("YYYY-MM-DD") : "" })}
            />
          </span>
        )
      }
    >
      {!shown.may_see && <p className="note">{t("locked", { clause: shown.clause })}</p>}
      {read.error && <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />}
      {read.isLoading && <Skeleton kind="card" />}
      {read.data && <Drawn answer={read.data} shown={shown} />}
    </Card>
  );
}

function Drawn({ answer, shown }: { answer: MetricAnswer; shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const words = useValueWords();
  const [by = ""] = answer.by;
  const named = (key: string) => titleOf(answer.names[by]?.[key]) || words(by, key);
  const say = (value: number | null | undefined) => figure(answer.code, answer.unit, value);
  const moved = change(answer, answer.total, answer.previous);
  const rows = TIMES.includes(by) ? answer.rows : answer.rows.slice(0, BARS);
  const dimension = (shown.metric.dimensions ?? []).find((one) => one.name === by);
  const label = t("chartOf", { metric: titleOf(answer.title), by: titleOf(dimension?.title, by) });
  const scale = scaleOf(answer.unit);
  const names = rows.map((row) => named(row.keys[0] ?? ""));
  const values = rows.map((row) => (row.value === null ? null : row.value / scale));
  const axis = { axisLabel: { formatter: (value: unknown) => say(back(value, scale)), hideOverlap: true } };
  const option: ChartOption = TIMES.includes(by)
    ? {
        xAxis: { type: "category", data: names },
        yAxis: { type: "value", ...axis },
        tooltip: { valueFormatter: (value: unknown) => say(back(value, scale)) },
        series: [{ type: "line", name: titleOf(answer.title), data: values, showSymbol: rows.length < 3 }],
      }
    : {
        xAxis: { type: "value", ...axis },
        yAxis: { type: "category", inverse: true, data: names },
        tooltip: { valueFormatter: (value: unknown) => say(back(value, scale)) },
        series: [{ type: "bar", name: titleOf(answer.title), data: values }],
      };
  return (
    <>
      <p className="metric-total">
        <b>{say(answer.total)}</b>
        {moved && (
          <ToneTag tone={moved.tone}>{t("against", { change: moved.text })}</ToneTag>
        )}
        <span className="note">
          {answer.version
            ? t("byFormula", { version: answer.version, who: answer.approved_by })
            : t("byShipped")}
          {" · "}
          {t("took", { ms: count(answer.took_ms) })}
        </span>
      </p>
      {answer.rows.length === 0 ? (
        <p className="note">{t("noRows")}</p>
      ) : (
        <Chart
          label={label}
          option={option}
          height_px={TIMES.includes(by) ? 220 : Math.max(120, 34 + rows.length * 24)}
          table={{
            head: [titleOf(dimension?.title, by), titleOf(answer.title), t("before")],
            rows: answer.rows.map((row) => [named(row.keys[0] ?? ""), say(row.value), say(row.previous)]),
          }}
        />
      )}
      {(answer.hidden ?? 0) > 0 && <p className="note">{t("few", { count: answer.hidden })}</p>}
      {answer.more && <p className="note">{t("more", { count: answer.rows.length })}</p>}
    </>
  );
}

/** Money is drawn in yuan, shares in per cent. */
const scaleOf = (unit: string) => (unit === "fen" ? 100 : unit === "thousandths" ? 10 : 1);
const back = (value: unknown, scale: number) =>
  typeof value === "number" ? Math.round(value * scale) : null;
