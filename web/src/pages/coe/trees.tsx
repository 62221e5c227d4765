import { Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CoeBranch, CoeTree } from "@/api/types.gen";
import { count, points, share } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import type { ChartOption } from "@/parts/chart-engine";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ratio } from "./words";

const BARS = 12;
const ROW_PX = 26;

/** 拆解: which branches brought the change of the share kept, exactly. */
export function Trees({ trees }: { trees: readonly CoeTree[] }) {
  const { t } = useTranslation("coe");
  const [by, choose] = useState("owner");
  const tree = trees.find((one) => one.by === by) ?? trees[0];
  if (!tree) return null;
  const name = (branch: CoeBranch) => {
    const [owner, place] = branch.key.split("/", 2);
    if (tree.by !== "owner") return branch.key || t("nobody");
    const who = t(`owners.${owner ?? ""}`, { defaultValue: owner ?? "" });
    return branch.parent ? `${who} · ${place || t("nobody")}` : who;
  };
  return (
    <Card
      title={t("tree")}
      note={t("treeFact", {
        now: share(ratio(tree.now), 1),
        before: share(ratio(tree.before), 1),
        change: points(ratio(tree.change)),
        rest: points(ratio(tree.rest)),
      })}
      extra={
        <Segmented
          aria-label={t("treeBy")}
          value={tree.by}
          options={trees.map((one) => ({ value: one.by, label: t(`by.${one.by}`) }))}
          onChange={choose}
        />
      }
    >
      <Bars tree={tree} name={name} />
      <Branches tree={tree} name={name} />
    </Card>
  );
}

interface Props {
  tree: CoeTree;
  name: (branch: CoeBranch) => string;
}

function Bars({ tree, name }: Props) {
  const { t } = useTranslation("coe");
  const rows = useMemo(
    () => tree.branches.filter((one) => !one.parent).slice(0, BARS).reverse(),
    [tree],
  );
  const label = t("treeChart");
  const option: ChartOption = {
    grid: { left: 8, right: 24, top: 28, bottom: 8, containLabel: true },
    legend: { top: 0 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "value" },
    yAxis: { type: "category", data: rows.map(name) },
    series: (["rate", "mix"] as const).map((part) => ({
      type: "bar",
      stack: "change",
      name: t(`columns.${part}`),
      data: rows.map((one) => one[part] / 10),
    })),
  };
  if (rows.length === 0) return <p className="note">{t("noTree")}</p>;
  return (
    <Chart
      label={label}
      option={option}
      height_px={80 + rows.length * ROW_PX}
      table={{
        head: [t("columns.branch"), t("columns.rate"), t("columns.mix")],
        rows: rows.map((one) => [name(one), points(ratio(one.rate)), points(ratio(one.mix))]),
      }}
    />
  );
}

function Branches({ tree, name }: Props) {
  const { t } = useTranslation("coe");
  const kept = (part: number, whole: number) => (whole ? share(part / whole, 1) : share(null));
  const columns: SmallColumn<CoeBranch>[] = [
    { key: "branch", title: t("columns.branch"), render: name },
    { key: "judged", title: t("columns.judged"), render: (one) => count(one.judged), isNumber: true },
    { key: "kept", title: t("columns.kept"), render: (one) => kept(one.kept, one.judged), isNumber: true },
    {
      key: "before",
      title: t("columns.before"),
      render: (one) => kept(one.kept_before, one.judged_before),
      isNumber: true,
    },
    { key: "rate", title: t("columns.rate"), render: (one) => points(ratio(one.rate)), isNumber: true },
    { key: "mix", title: t("columns.mix"), render: (one) => points(ratio(one.mix)), isNumber: true },
  ];
  return (
    <SmallTable
      caption={t("branches")}
      columns={columns}
      rows={tree.branches}
      keyOf={(one) => `${one.parent ?? ""}\n${one.key}`}
      empty={t("noTree")}
    />
  );
}
