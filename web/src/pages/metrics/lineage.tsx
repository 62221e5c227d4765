import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { traceMetricOptions } from "@/api/@tanstack/react-query.gen";
import type { MetricLineage, MetricShown } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { titleOf } from "./model";

const ROW = 26;
const HEAD = 22;
const WIDTH = 760;
const XS = [8, 300, 600] as const;
const BOX = [200, 210, 152] as const;

interface Place {
  key: string;
  text: string;
  note: string;
}

interface Line {
  from: string;
  to: string;
  isFilter: boolean;
}

/** The three columns of the drawing, and what joins them. */
function arrange(lineage: MetricLineage, name: (code: string) => string) {
  const left = new Map<string, Place>();
  const middle = new Map<string, Place>();
  const right = new Map<string, Place>();
  const lines: Line[] = [];
  for (const one of lineage.columns) {
    const at = `${one.table}.${one.column}`;
    const isFilter = !one.uses.includes("expression");
    middle.set(at, { key: at, text: titleOf(one.title, one.column), note: at });
    right.set(one.metric, { key: one.metric, text: name(one.metric), note: one.metric });
    lines.push({ from: at, to: one.metric, isFilter });
    for (const source of one.sources) {
      const from = `${source.table}.${source.column}`;
      left.set(from, { key: from, text: from, note: source.steps.join("\n") });
      lines.push({ from: `source ${from}`, to: at, isFilter: false });
    }
  }
  return { columns: [[...left.values()], [...middle.values()], [...right.values()]] as const, lines };
}

/** 血缘: from the columns of facts' tables over the columns that are counted to the metric. */
export function Lineage({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const read = useQuery(traceMetricOptions({ path: { code: shown.metric.code } }));
  return (
    <Card title={t("lineage")} note={t("lineageNote")}>
      {read.error && <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />}
      {read.isLoading && <Skeleton kind="card" />}
      {read.data && <Drawing lineage={read.data} shown={shown} />}
    </Card>
  );
}

function Drawing({ lineage, shown }: { lineage: MetricLineage; shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const [over, hover] = useState("");
  const name = (code: string) =>
    code === shown.metric.code ? titleOf(shown.metric.title, code) : code;
  const { columns, lines } = arrange(lineage, name);
  const y = (at: number) => HEAD + at * ROW;
  const places = new Map<string, readonly [number, number]>();
  columns.forEach((column, no) =>
    column.forEach((one, at) =>
      places.set(no === 0 ? `source ${one.key}` : one.key, [no, y(at) + ROW / 2 - 2]),
    ),
  );
  const height = y(Math.max(...columns.map((column) => column.length), 1)) + 8;
  const isNear = (line: Line) => over !== "" && (line.from === over || line.to === over);
  return (
    <>
      <div className="metric-lineage" role="region" aria-label={t("lineage")} tabIndex={0}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t("lineageOf", { metric: name(shown.metric.code), count: lines.length })}>
          {(["sourceColumns", "tableColumns", "metric"] as const).map((head, no) => (
            <text key={head} className="metric-lineage-head" x={XS[no]} y={12}>
              {t(head)}
            </text>
          ))}
          {lines.map((line, at) => {
            const [from, to] = [places.get(line.from), places.get(line.to)];
            if (!from || !to) return null;
            const [x1, x2] = [(XS[from[0]] ?? 0) + (BOX[from[0]] ?? 0), XS[to[0]] ?? 0];
            const half = (x1 + x2) / 2;
            return (
              <path
                key={at}
                d={`M${x1} ${from[1]}C${half} ${from[1]} ${half} ${to[1]} ${x2} ${to[1]}`}
                data-filter={line.isFilter}
                data-near={isNear(line)}
              />
            );
          })}
          {columns.map((column, no) =>
            column.map((one, at) => (
              <g
                key={one.key}
                data-column={no}
                onMouseEnter={() => hover(no === 0 ? `source ${one.key}` : one.key)}
                onMouseLeave={() => hover("")}
              >
                <title>{one.note || one.key}</title>
                <rect x={XS[no]} y={y(at)} width={BOX[no]} height={ROW - 4} rx={5} />
                <text x={(XS[no] ?? 0) + 8} y={y(at) + 15}>
                  {one.text.length > 26 ? `${one.text.slice(0, 25)}…` : one.text}
                </text>
              </g>
            )),
          )}
        </svg>
      </div>
      <ul className="metric-sources">
        {lineage.sources.map((one) => (
          <li key={one.name}>
            <span className="mono">{one.name}</span>
            <span className="note">{t("fromFacts", { facts: one.facts.join(t("comma")) })}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
