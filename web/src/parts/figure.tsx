import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Tile } from "@/format/numbers";
import type { Tone } from "./status-tag";

interface Props {
  label: string;
  /** What the figure covers: 近 24 小时, 实时. */
  scope?: string;
  tile: Tile;
  /** Target or comparison. */
  note?: ReactNode;
  tone?: Tone;
  /** The last values, oldest first. */
  trend?: readonly number[];
  /** The rows behind it. */
  to?: string;
}

/** A number with its unit, its target, its way to the rows, and how it went. */
export function Figure({ label, scope, tile, note, tone = "plain", trend, to }: Props) {
  const body = (
    <>
      <span className="figure-head">
        <span>{label}</span>
        {scope && <span className="note">{scope}</span>}
      </span>
      <span className="figure-line">
        <b className="figure-large" title={tile.exact} data-live>
          {tile.value}
        </b>
        {tile.unit && <span className="figure-unit">{tile.unit}</span>}
        {trend && trend.length > 1 && <Sparkline values={trend} tone={tone} label={label} />}
      </span>
      {note !== undefined && (
        <span className="figure-note" data-tone={tone}>
          {note}
        </span>
      )}
    </>
  );
  return to ? (
    <Link className="figure" to={to}>
      {body}
    </Link>
  ) : (
    <div className="figure">{body}</div>
  );
}

const WIDTH = 72;
const HEIGHT = 28;

/** 72 by 28 px of how a figure went; its words are for those who do not see it. */
export function Sparkline({
  values,
  tone = "plain",
  label,
}: {
  values: readonly number[];
  tone?: Tone;
  label: string;
}) {
  const { t } = useTranslation();
  const low = Math.min(...values);
  const high = Math.max(...values);
  const step = WIDTH / (values.length - 1);
  const y = (value: number) => HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4);
  const line = values.map((value, at) => `${(at * step).toFixed(1)} ${y(value).toFixed(1)}`);
  const first = values[0];
  const last = values.at(-1);
  return (
    <svg
      className="spark"
      data-tone={tone}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={t("figure.trend", { label, first, last, low, high })}
    >
      <path className="spark-area" d={`M0 ${HEIGHT}L${line.join("L")}L${WIDTH} ${HEIGHT}Z`} />
      <path className="spark-line" d={`M${line.join("L")}`} />
    </svg>
  );
}
