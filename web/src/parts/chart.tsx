import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLook } from "@/theme/look";
import type { ChartOption } from "./chart-engine";
import { Skeleton } from "./skeleton";

/** The chart's data as a table, for those who do not see it and those who want the numbers. */
export interface ChartTable {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

interface Props {
  /** What it shows, for screen readers. */
  label: string;
  option: ChartOption;
  table: ChartTable;
  height_px?: number;
  /** Marks drawn: above 2,000 the canvas is faster. */
  marks?: number;
  /** A point of a series was chosen. */
  onPick?: ((name: string) => void) | undefined;
}

const Engine = lazy(() => import("./chart-engine"));

/** A chart in the console's colours and fonts, with 表格. The engine is loaded when first needed. */
export function Chart({ label, option, table, height_px = 220, marks = 0, onPick }: Props) {
  const { t } = useTranslation();
  const { look } = useLook();
  const [isTable, show] = useState(false);
  return (
    <figure className="chart">
      <Button
        type="text"
        size="small"
        className="chart-switch"
        aria-pressed={isTable}
        onClick={() => show(!isTable)}
      >
        {t(isTable ? "chart.chart" : "chart.table")}
      </Button>
      {isTable ? (
        <div className="chart-table" style={{ maxHeight: height_px }} role="group" aria-label={label} tabIndex={0}>
          <table>
            <caption className="visually-hidden">{label}</caption>
            <thead>
              <tr>
                {table.head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <tr key={row[0]}>
                  {row.map((cell, at) => (
                    // Cells have no other name than their column.
                    <td key={table.head[at]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Suspense fallback={<Skeleton kind="card" />}>
          <Engine
            key={`${look} ${marks > 2000}`}
            label={label}
            option={option}
            look={look}
            height_px={height_px}
            renderer={marks > 2000 ? "canvas" : "svg"}
            onPick={onPick}
          />
        </Suspense>
      )}
    </figure>
  );
}
