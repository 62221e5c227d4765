import { CheckOutlined, ToolOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { HealthTile } from "@/api/types.gen";
import { Sparkline } from "@/parts/figure";
import { AlertTag, type Tone } from "@/parts/status-tag";
import { levelOf, limit, points, tileOf } from "./model";

const TONES: Record<string, Tone> = { red: "broken", yellow: "risk", blue: "info" };

/** A core metric: value, unit, target, level, how it went; a burning one is outlined. */
export function MetricTile({ tile }: { tile: HealthTile }) {
  const { t } = useTranslation("health-board");
  const told = tileOf(tile, t(`units.${tile.unit}`));
  const level = levelOf(tile.level);
  const tone = TONES[tile.level] ?? "plain";
  const trend = points(tile);
  const name = t(`metrics.${tile.metric}`);
  return (
    <Link className="health-tile" data-level={tile.level} data-tone={tone} to={tile.link}>
      <span className="health-tile-head">
        <span>{name}</span>
        <Standing tile={tile} />
      </span>
      <span className="health-tile-line">
        <b className="figure-large" title={told.exact} data-live>
          {told.value}
        </b>
        {told.unit && <span className="figure-unit">{told.unit}</span>}
        {trend.length > 1 && <Sparkline values={trend} tone={tone} label={name} />}
      </span>
      <span className="health-tile-note">
        {tile.target === null
          ? t("counted")
          : t(tile.better === "low" ? "targetLow" : "targetHigh", {
              target: limit(tile.target, tile.unit),
            })}
        {tile.is_own && ` · ${t("own")}`}
        {level && tile.culprit && ` · ${tile.culprit}`}
      </span>
    </Link>
  );
}

function isBeyond({ value, target, better }: HealthTile): boolean {
  if (value === null || target === null) return false;
  return better === "low" ? value > target : value < target;
}

function Standing({ tile }: { tile: HealthTile }) {
  const { t } = useTranslation("health-board");
  const level = levelOf(tile.level);
  if (tile.is_muted) {
    return (
      <span className="status" data-tone="excused" data-outline="dashed">
        <ToolOutlined />
        <span>{level ? t("mutedAt", { level: t(`common:alerts.${level}`) }) : t("muted")}</span>
      </span>
    );
  }
  if (level) return <AlertTag level={level} />;
  if (tile.value === null) return <span className="note">{t("unmeasured")}</span>;
  // too few samples, or not for long enough: no level, and not well either
  if (isBeyond(tile)) return <span className="note">{t("unjudged")}</span>;
  return (
    <span className="health-well">
      <CheckOutlined /> {t("states.normal")}
    </span>
  );
}
