import { useMutation } from "@tanstack/react-query";
import { Alert, Button, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { HealthBoard, HealthTile } from "@/api/types.gen";
import { ask } from "@/client";
import { decimal } from "@/format";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";

const LEVELS = ["blue", "yellow", "red"] as const;
type Limits = Record<(typeof LEVELS)[number], number | null>;

interface Props {
  board: HealthBoard;
  mayWrite: boolean;
  onClose: () => void;
}

/** From where each metric is blue, yellow and red; a merchant's own, or as shipped. */
export function Thresholds({ board, mayWrite, onClose }: Props) {
  const { t } = useTranslation("health-board");
  return (
    <Modal open width={720} title={t("rules")} onCancel={onClose} footer={null}>
      <p className="note">
        {t("rulesNote")} <Link to="/settings/notices">{t("toChannels")}</Link>
      </p>
      <div className="health-limits">
        {board.tiles.map((tile) => (
          <Metric key={`${tile.metric} ${tile.is_own}`} tile={tile} mayWrite={mayWrite} />
        ))}
      </div>
    </Modal>
  );
}

function Metric({ tile, mayWrite }: { tile: HealthTile; mayWrite: boolean }) {
  const { t } = useTranslation("health-board");
  const words = useProblemWords();
  const notice = useNotice();
  const kept: Limits = {
    blue: tile.thresholds.blue ?? null,
    yellow: tile.thresholds.yellow ?? null,
    red: tile.thresholds.red ?? null,
  };
  const [limits, setLimits] = useState(kept);
  const path = `${PATH}/thresholds/${tile.metric}`;
  const name = t(`metrics.${tile.metric}`);
  const save = useMutation({
    mutationFn: (wanted: Limits | null) =>
      ask<HealthBoard>(path, wanted ? { method: "PUT", json: wanted } : { method: "DELETE" }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("kept", { name }));
    },
  });
  const isChanged = LEVELS.some((level) => limits[level] !== kept[level]);
  return (
    <fieldset>
      <legend>
        {name} <span className="note">{t(`units.${tile.unit}`)}</span>
        {tile.objective !== null && (
          <span className="note"> {t("objective", { n: decimal(tile.objective, 1) })}</span>
        )}
      </legend>
      {LEVELS.map((level) => (
        <label key={level}>
          <span>{t(`common:alerts.${level}`)}</span>
          <InputNumber
            size="small"
            min={0}
            disabled={!mayWrite}
            value={limits[level]}
            aria-label={`${name} ${t(`common:alerts.${level}`)}`}
            onChange={(value) => setLimits({ ...limits, [level]: value })}
          />
        </label>
      ))}
      {mayWrite && (
        <span className="health-acts">
          <Button size="small" disabled={!isChanged} loading={save.isPending} onClick={() => save.mutate(limits)}>
            {t("save")}
          </Button>
          {tile.is_own && (
            <Button size="small" type="link" onClick={() => save.mutate(null)}>
              {t("asShipped")}
            </Button>
          )}
        </span>
      )}
      {save.error && <Alert type="error" role="alert" title={words(asProblem(save.error))} />}
    </fieldset>
  );
}
