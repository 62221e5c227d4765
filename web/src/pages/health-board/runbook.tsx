import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { HealthTile } from "@/api/types.gen";
import { figure } from "./model";

interface Props {
  tile: HealthTile;
  onClose: () => void;
  onMaintain: (() => void) | undefined;
}

/** 处置手册: what the metric is, what to look at first, what to do, when it is over. */
export function Runbook({ tile, onClose, onMaintain }: Props) {
  const { t } = useTranslation("health-board");
  const steps = t(`runbooks.${tile.metric}.steps`, { returnObjects: true }) as string[];
  return (
    <Drawer
      open
      size={480}
      title={t("runbookOf", { name: t(`metrics.${tile.metric}`) })}
      onClose={onClose}
      footer={
        <span className="health-acts">
          <Link to={tile.link}>{t("toRows")}</Link>
          {onMaintain && <Button onClick={onMaintain}>{t("maintain")}</Button>}
        </span>
      }
    >
      <div className="health-runbook">
        <p>{t(`runbooks.${tile.metric}.what`)}</p>
        <p>
          <b>
            {t("now", { value: figure(tile.value, tile.unit), unit: t(`units.${tile.unit}`) })}
          </b>{" "}
          {tile.culprit}
        </p>
        <ol>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <p className="note">{t("overWhen")}</p>
        <p className="note">
          <code>docs/how-to/runbooks/{tile.runbook}.md</code>
        </p>
      </div>
    </Drawer>
  );
}
