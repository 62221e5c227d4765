import { useTranslation } from "react-i18next";
import type { SignalItem, TwinFloorView } from "@/api/types.gen";
import { age, count, exact } from "@/format";
import { Card } from "@/parts/card";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { words } from "../signals/signals";
import { linesOf, OWN } from "./twin";

const RATIOS = [
  "station_saturation",
  "rider_heat",
  "cold_unit_health",
  "agv_availability",
  "equipment_health",
  "labour_redundancy",
  "lane_road",
];

interface Line {
  number: number;
  key: string;
  item?: SignalItem;
}

/** All 17 signals of a warehouse, each with its source and age. */
export function SignalList({ view }: { view: TwinFloorView }) {
  const { t } = useTranslation("twin");
  const { t: say } = useTranslation("signals");
  const told: Line[] = linesOf(view.signals).map((item) => ({
    number: item.number,
    key: item.key,
    item,
  }));
  const lines = [...told, ...OWN].sort((a, b) => a.number - b.number);
  const missing = told.filter((line) => line.item?.status === "stale").length;
  const value = ({ key, item }: Line) => {
    if (key === "capacity_left") return count(view.capacity_left);
    if (!item) return t(`own.${key}`);
    return words(item, RATIOS.includes(key) ? "ratio" : "", say);
  };
  const columns: SmallColumn<Line>[] = [
    { key: "name", title: t("columns.signal"), render: (line) => say(`names.${line.key}`) },
    {
      key: "value",
      title: t("columns.value"),
      render: (line) => (
        <b data-state={line.item?.status ?? "fresh"} className="twin-value">
          {line.item?.status === "declared" ? `${t("declared")} ` : ""}
          {value(line)}
        </b>
      ),
    },
    {
      key: "source",
      title: t("columns.source"),
      render: ({ item }) => (item ? item.source || t("noSource") : t("ownCount")),
    },
    {
      key: "age",
      title: t("columns.age"),
      render: ({ item }) =>
        item ? (
          item.observed ? (
            <span title={exact(item.observed)}>{age(item.observed)}</span>
          ) : (
            "—"
          )
        ) : (
          t("live")
        ),
    },
  ];
  return (
    <Card title={t("signals")} note={t("signalsNote", { n: lines.length, missing })} isFlush>
      <SmallTable
        caption={t("signals")}
        columns={columns}
        rows={lines}
        keyOf={(line) => line.key}
        empty={t("noSignals")}
      />
    </Card>
  );
}
