import { useTranslation } from "react-i18next";
import type { TwinStop, TwinZone } from "@/api/types.gen";
import { decimal, temperature } from "@/format";
import { Card } from "@/parts/card";

const WIDE = 320;
const HIGH = 120;
const PAST_MIN = 30;
const AHEAD_H = 6;

/** A zone's last half hour and its way on: solid past, dashed forecast, its fan, its band. */
export function Way({ zone, stop }: { zone: TwinZone; stop: TwinStop | undefined }) {
  const { t } = useTranslation("twin");
  const seen = zone.forecast;
  const title = `${zone.code} ${zone.name}`;
  if (!seen || zone.low_c === null || zone.high_c === null) return null;
  const said =
    seen.hours < 0
      ? t("stays")
      : seen.hours === 0
        ? t("isOut")
        : t("leaves", {
            hours: decimal(seen.hours, 1),
            soonest: decimal(Math.max(0, seen.soonest_h), 1),
          });
  return (
    <Card title={title} note={t("probesNote")}>
      <Drawing zone={zone} label={`${title}: ${said}`} />
      <p className="twin-way">
        <b>{said}</b> <span className="note">{t(seen.is_measured ? "byTrend" : "byModel")}</span>
      </p>
      {stop && (
        <p className="twin-stop" role="status">
          {t(`details.${stop.detail}`)}
          {stop.agreed ? ` ${t("ripens")}` : ""}
        </p>
      )}
    </Card>
  );
}

function Drawing({ zone, label }: { zone: TwinZone; label: string }) {
  const { t } = useTranslation("twin");
  const seen = zone.forecast as NonNullable<TwinZone["forecast"]>;
  const [low, high] = [zone.low_c as number, zone.high_c as number];
  const values = [
    ...zone.line.map((p) => p[1]),
    ...seen.fan.flatMap((p) => [p[1], p[3]]),
    Math.max(low, (zone.value_c ?? low) - 6),
    high,
  ];
  const floor = Math.min(...values) - 0.5;
  const top = Math.max(...values) + 0.5;
  const y = (c: number) => 8 + ((top - c) / (top - floor || 1)) * (HIGH - 24);
  const past = (m: number) => ((m + PAST_MIN) / PAST_MIN) * WIDE * 0.5;
  const ahead = (h: number) => WIDE * 0.5 + (h / AHEAD_H) * WIDE * 0.5;
  const path = (all: readonly (readonly [number, number])[]) =>
    all.length ? `M${all.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}` : "";
  const fan = [
    ...seen.fan.map((p) => [ahead(p[0]), y(p[3])] as const),
    ...[...seen.fan].reverse().map((p) => [ahead(p[0]), y(p[1])] as const),
  ];
  const shownLow = Math.max(low, floor);
  return (
    <svg className="twin-drawing" viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={label}>
      <rect
        className="twin-band"
        x={0}
        width={WIDE}
        y={y(Math.min(high, top))}
        height={Math.max(0, y(shownLow) - y(Math.min(high, top)))}
      />
      <path className="twin-fan" d={`${path(fan)}Z`} />
      <path className="twin-line" d={path(zone.line.map((p) => [past(p[0]), y(p[1])]))} />
      <path className="twin-ahead" d={path(seen.fan.map((p) => [ahead(p[0]), y(p[2])]))} />
      <line className="twin-now" x1={WIDE / 2} x2={WIDE / 2} y1={4} y2={HIGH - 14} />
      <text x={2} y={y(Math.min(high, top)) + 10}>
        {temperature(high)}
      </text>
      <text x={2} y={HIGH - 2}>
        {t("minutesAgo", { n: PAST_MIN })}
      </text>
      <text x={WIDE / 2} y={HIGH - 2} textAnchor="middle">
        {t("now")}
      </text>
      <text x={WIDE - 2} y={HIGH - 2} textAnchor="end">
        {t("hoursOn", { n: AHEAD_H })}
      </text>
    </svg>
  );
}
