import { CloseOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AssetPage } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useLook } from "@/theme/look";
import { draw } from "./chart-option";
import { grainOf, measuresOf, titleOf, useChart, type ValueWords, type Where } from "./model";

interface Props {
  page: AssetPage;
  words: ValueWords;
  where: Where;
  /** A grain that a person narrowed by; "" as the asset is drawn at first. */
  by: string;
  onPick: (cell: Where) => void;
  onWhere: (where: Where) => void;
}

const HEIGHT_PX = 320;
const LEAST_PX = 160;
const ROW_PX = 22;
const ROOM_PX = 70;

/** The chart: which measure, of which group, narrowed to what; a mark opens what is behind it. */
export function AssetChart({ page, words, where, by, onPick, onWhere }: Props) {
  const { t } = useTranslation("asset");
  const { look } = useLook();
  const { chart } = page;
  const measures = measuresOf(page);
  const [value, setValue] = useState(chart.value);
  const grains = useMemo(() => grainsOf(page, by, where), [page, by, where]);
  const isSplit = chart.split !== "" && !grains.includes(chart.split);
  const groups = useChart(page, isSplit ? [chart.split] : [], {}, sizeOf(page));
  const splits = groups.data?.rows.map((row) => String(row[0] ?? "")) ?? [];
  const chosen = String(where[chart.split] ?? (chart.drawn === "matrix" ? splits[0] : "") ?? "");
  const asked = isSplit && chosen ? { ...where, [chart.split]: chosen } : where;
  const waits = isSplit && chart.drawn === "matrix" && !chosen;
  const cells = useChart(page, waits ? [] : grains, asked, chart.drawn === "heatmap" ? "" : sizeOf(page));
  const drawing = useMemo(
    () => (cells.data ? draw({ page, cells: cells.data, by: grains, value, words, look }) : null),
    [page, cells.data, grains, value, words, look],
  );
  const narrowed = Object.entries(where).filter(([name]) => name !== chart.split || !isSplit);
  const without = (name: string) => Object.fromEntries(Object.entries(where).filter(([one]) => one !== name));
  const title = measures.find((one) => one.name === value);
  const problem = cells.error ?? groups.error;
  return (
    <Card
      title={t("chart")}
      note={titleOf(title)}
      extra={
        <span className="asset-tools">
          {isSplit && splits.length > 0 && (
            <Select
              size="small"
              aria-label={titleOf(page.columns.find((one) => one.name === chart.split))}
              value={chosen}
              options={[
                ...(chart.drawn === "matrix" ? [] : [{ value: "", label: t("all") }]),
                ...splits.map((one) => ({ value: one, label: words(chart.split, one) })),
              ]}
              onChange={(one: string) => onWhere(one ? { ...where, [chart.split]: one } : without(chart.split))}
              popupMatchSelectWidth={false}
            />
          )}
          <Select
            size="small"
            aria-label={t("measure")}
            value={value}
            options={measures.map((one) => ({ value: one.name, label: titleOf(one) }))}
            onChange={setValue}
            popupMatchSelectWidth={false}
          />
        </span>
      }
    >
      {narrowed.length > 0 && (
        <p className="asset-where">
          {narrowed.map(([name, one]) => (
            <Button key={name} size="small" onClick={() => onWhere(without(name))}>
              {titleOf(page.columns.find((column) => column.name === name))} {words(name, one)}
              <CloseOutlined aria-label={t("drop")} />
            </Button>
          ))}
        </p>
      )}
      {problem ? (
        <ProblemNote problem={asProblem(problem)} onRetry={() => void cells.refetch()} />
      ) : !drawing ? (
        <Skeleton kind="card" />
      ) : drawing.marks.length === 0 ? (
        <p className="note">{t("noCells")}</p>
      ) : (
        <Chart
          label={`${titleOf(title)} · ${page.asset.title.zh}`}
          option={drawing.option}
          table={drawing.table}
          height_px={drawing.down ? Math.max(LEAST_PX, drawing.down * ROW_PX + ROOM_PX) : HEIGHT_PX}
          marks={drawing.marks.length}
          onPick={(mark) => {
            const picked = drawing.marks[Number(mark)];
            if (picked) onPick({ ...asked, ...picked });
          }}
        />
      )}
      {(cells.data?.suppressed ?? 0) > 0 && (
        <p className="note">{t("suppressed", { count: cells.data?.suppressed ?? 0 })}</p>
      )}
    </Card>
  );
}

/** The grains that are drawn: a person's, else those of the asset's chart that are not fixed. */
function grainsOf(page: AssetPage, by: string, where: Where): string[] {
  const names = grainOf(page).map((column) => column.name);
  if (by && names.includes(by)) return [by];
  const { x, y, split, drawn } = page.chart;
  const wanted = drawn === "lines" ? [x, split] : [x, y];
  const open = wanted.filter((name) => name !== "" && !(name in where));
  return open.length > 0 ? open : names.filter((name) => !(name in where)).slice(0, 1);
}

/** The order by size, the largest first: what is drawn, or the first measure where that is a share. */
function sizeOf(page: AssetPage): string {
  const measures = measuresOf(page);
  const drawn = measures.find((column) => column.name === page.chart.value);
  const size = drawn && !["thousandths", "minutes"].includes(drawn.unit) ? drawn : measures[0];
  return size ? `-${size.name}` : "";
}
