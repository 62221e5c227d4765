import { FireOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { HealthBoard, HealthTile } from "@/api/types.gen";
import { brief, decimal, share } from "@/format";
import { burning, figure, limit } from "./model";

interface Props {
  board: HealthBoard;
  onRead: (tile: HealthTile) => void;
  onMaintain: ((scope: string) => void) | undefined;
}

/** What burns most: one sentence with the consequence, and two acts. */
export function Burning({ board, onRead, onMaintain }: Props) {
  const { t } = useTranslation("health-board");
  const [tile] = burning(board).filter((one) => !one.is_muted);
  if (!tile) return null;
  const unit = t(`units.${tile.unit}`);
  const least = tile.thresholds[tile.level as "red" | "yellow" | "blue"] ?? tile.target;
  const sign = t(tile.better === "low" ? "above" : "below");
  const passes =
    tile.value !== null &&
    least !== null &&
    least !== undefined &&
    (tile.better === "low" ? tile.value > least : tile.value < least);
  return (
    <div className="health-burning" data-tone={tile.level} role="status">
      <p>
        <FireOutlined />{" "}
        <b>
          {t(`metrics.${tile.metric}`)} {figure(tile.value, tile.unit)} {unit}
          {passes && t("passes", { sign, limit: limit(least, tile.unit), unit })}
        </b>{" "}
        {t(`consequences.${tile.metric}`)}
        {tile.burn > 0 && t("burn", { rate: decimal(tile.burn, 1), spent: share(tile.spent, 0) })}
        {tile.culprit && t("culprit", { name: tile.culprit })}
        {tile.since && <span className="note"> {t("since", { at: brief(tile.since) })}</span>}
      </p>
      <span className="health-acts">
        <Button type="link" onClick={() => onRead(tile)}>
          {t("runbook")}
        </Button>
        {onMaintain && (
          <Button type="link" onClick={() => onMaintain(tile.metric)}>
            {t("maintain")}
          </Button>
        )}
      </span>
    </div>
  );
}
