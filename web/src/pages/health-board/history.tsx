import { useTranslation } from "react-i18next";
import type { HealthBoard, HealthIncident } from "@/api/types.gen";
import { brief, duration } from "@/format";
import { Card } from "@/parts/card";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { AlertTag } from "@/parts/status-tag";
import { figure, levelOf } from "./model";

/** Metrics that were over their thresholds within a day, the open ones first. */
export function History({ board }: { board: HealthBoard }) {
  const { t } = useTranslation("health-board");
  const units = new Map(board.tiles.map((tile) => [tile.metric, tile.unit]));
  const columns: SmallColumn<HealthIncident>[] = [
    {
      key: "level",
      title: t("columns.level"),
      render: (one) => {
        const level = levelOf(one.level);
        return level && !one.closed ? <AlertTag level={level} /> : t("over");
      },
    },
    { key: "metric", title: t("columns.metric"), render: (one) => t(`metrics.${one.metric}`) },
    {
      key: "value",
      title: t("columns.value"),
      isNumber: true,
      render: (one) => {
        const unit = units.get(one.metric) ?? "";
        return one.value ? `${figure(Number(one.value), unit)} ${t(`units.${unit}`)}` : "—";
      },
    },
    { key: "culprit", title: t("columns.culprit"), render: (one) => one.culprit || "—" },
    { key: "opened", title: t("columns.opened"), render: (one) => brief(one.opened) },
    {
      key: "lasted",
      title: t("columns.lasted"),
      render: (one) =>
        one.closed ? duration(Date.parse(one.closed) - Date.parse(one.opened)) : t("goesOn"),
    },
  ];
  return (
    <Card title={t("incidents")} note={t("incidentsNote")} isFlush>
      <SmallTable
        caption={t("incidents")}
        columns={columns}
        rows={board.incidents}
        keyOf={(one) => one.id}
        empty={t("noIncidents")}
      />
    </Card>
  );
}
