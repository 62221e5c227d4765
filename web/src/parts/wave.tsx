import { useTranslation } from "react-i18next";
import type { Series } from "@/api/types.gen";
import { decimal } from "@/format";
import "./wave.css";

const WIDTH = 480;
const HEIGHT = 96;
const FAULTS = ["outer", "inner", "ball", "cage"] as const;

interface Line {
  at: number;
  name: string;
}

interface PlotProps {
  title: string;
  values: readonly number[];
  start: number;
  step: number;
  /** Units of both axes. */
  unit: string;
  across: string;
  /** Where a fault's line would stand, on the axis. */
  lines?: readonly Line[];
  /** A value that should not be passed. */
  limit?: number | undefined;
}

/** A curve with its scale, the lines of faults and a limit. */
export function Plot({ title, values, start, step, unit, across, lines = [], limit }: PlotProps) {
  const { t } = useTranslation("devices");
  const end = start + step * Math.max(1, values.length - 1);
  const low = Math.min(...values, 0);
  const high = Math.max(...values, limit ?? 0, low + 1e-9);
  const x = (at: number) => ((at - start) / (end - start)) * WIDTH;
  const y = (value: number) => HEIGHT - ((value - low) / (high - low)) * HEIGHT;
  const points = values.map((value, at) => `${x(start + at * step).toFixed(1)},${y(value).toFixed(1)}`);
  const inside = lines.filter((line) => line.at > start && line.at < end);
  return (
    <figure className="plot">
      <figcaption>
        <span>{title}</span>
        <span className="note">{t("plot.most", { value: decimal(Math.max(...values), 2), unit })}</span>
      </figcaption>
      <div className="plot-field">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t("plot.label", { title, end: decimal(end, 0), across })}>
          {inside.map((line) => (
            <line key={line.at} className="plot-line" x1={x(line.at)} x2={x(line.at)} y1={0} y2={HEIGHT} />
          ))}
          {limit !== undefined && <line className="plot-limit" x1={0} x2={WIDTH} y1={y(limit)} y2={y(limit)} />}
          <polyline points={points.join(" ")} />
        </svg>
        {inside.map((line) => line.name && (
          <span key={line.name} className="plot-name" style={{ left: `${(x(line.at) / WIDTH) * 100}%` }}>
            {line.name}
          </span>
        ))}
      </div>
      <div className="plot-axis note">
        <span>{decimal(start, 0)}</span>
        <span>
          {decimal(end, 0)} {across}
        </span>
      </div>
    </figure>
  );
}

/** 波形与频谱: what was measured of a machine, with the lines where a bearing's faults would stand. */
export function WaveCurves({ series, figures }: { series: readonly Series[]; figures: Readonly<Record<string, number>> }) {
  const { t } = useTranslation("devices");
  // The first of each fault is named; its harmonics are lines alone.
  const lines = FAULTS.flatMap((fault) => {
    const order = figures[`line_${fault}`];
    if (!order) return [];
    return [1, 2, 3].map((nth) => ({ at: order * nth, name: nth === 1 ? t(`line.${fault}`) : "" }));
  });
  return (
    <div className="wave-curves">
      {series.map((one) => (
        <Plot
          key={one.name}
          title={t(`series.${one.name}`, { defaultValue: one.name })}
          values={one.values}
          start={one.start}
          step={one.step}
          unit={one.unit}
          across={t(`across.${one.name}`, { defaultValue: "" })}
          lines={one.name === "envelope_spectrum" ? lines : []}
        />
      ))}
    </div>
  );
}
