import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { AnswerFigures, CatalogueAnswer } from "@/api/types.gen";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { figure, nameOf, rowName } from "./model";

const HEIGHT_PX = 150;

interface Props {
  told: CatalogueAnswer;
  figures: AnswerFigures;
}

/** The parts of an answer as bars, a series as a line. */
export function Parts({ told, figures }: Props) {
  return told.shape === "trend" ? <Series figures={figures} /> : <Bars told={told} figures={figures} />;
}

function Bars({ told, figures }: Props) {
  const { t } = useTranslation(["assets", "common"]);
  const channels = (code: string) => t(`common:channels.${code}`, { defaultValue: code });
  const most = Math.max(...figures.rows.map((row) => Math.abs(row.value ?? 0)), 1);
  const isShare = told.shape === "share" && figures.is_sum && (figures.total ?? 0) > 0;
  return (
    <ul className="assets-bars" aria-label={nameOf(figures.title)}>
      {figures.rows.map((row) => (
        <li key={row.keys.join(" ")}>
          <span className="assets-bar-name" title={rowName(row, channels, told.by)}>
            {rowName(row, channels, told.by)}
          </span>
          <span className="assets-bar">
            <i style={{ width: `${(100 * Math.abs(row.value ?? 0)) / most}%` }} />
          </span>
          <b>
            {isShare
              ? `${((100 * (row.value ?? 0)) / (figures.total ?? 1)).toFixed(1)}%`
              : figure(figures, row.value)}
          </b>
        </li>
      ))}
      {figures.more && <li className="note">{t("more")}</li>}
    </ul>
  );
}

function Series({ figures }: { figures: AnswerFigures }) {
  const { t } = useTranslation("assets");
  const option = useMemo<ChartOption>(
    () => ({
      grid: { left: 8, right: 12, top: 12, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: figures.rows.map((row) => row.keys[0] ?? "") },
      yAxis: { type: "value", scale: figures.unit === "thousandths" },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) => figure(figures, typeof value === "number" ? value : null),
      },
      series: [
        { type: "line", name: nameOf(figures.title), data: figures.rows.map((row) => row.value), showSymbol: false },
      ],
    }),
    [figures],
  );
  return (
    <div className="assets-series">
      <Chart
        label={nameOf(figures.title)}
        option={option}
        table={{
          head: [t("columns.day"), nameOf(figures.title)],
          rows: figures.rows.map((row) => [row.keys[0] ?? "", figure(figures, row.value)]),
        }}
        height_px={HEIGHT_PX}
      />
    </div>
  );
}
