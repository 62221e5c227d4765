import { BellOutlined, ToolOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { HealthBoard, HealthTile } from "@/api/types.gen";
import { ask } from "@/client";
import { age, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Burning } from "./burning";
import { History } from "./history";
import { KEY, LEVELS, PATH, RANGES, type Range } from "./model";
import { Rows } from "./rows";
import { Runbook } from "./runbook";
import { Thresholds } from "./thresholds";
import { MetricTile } from "./tile";
import { WindowForm } from "./window-form";
import { Windows } from "./windows";
import "./health-board.css";

const REST_MS = 30_000;

/** 能力健康度: twelve figures in fixed order, what burns and what to do, and whose fault it is. */
export default function Health() {
  const { t } = useTranslation("health-board");
  const mayWrite = useMay("health.write");
  const { asked, ask: go } = useAsked();
  const range = RANGES.find((one) => one === asked("t")) ?? "1h";
  const [scope, setScope] = useState<string | null>(null);
  const [edited, setEdited] = useState(false);
  const found = useQuery({
    queryKey: [...KEY, range],
    queryFn: ({ signal }) => ask<HealthBoard>(`${PATH}?range=${range}`, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: REST_MS,
  });
  useLive("health", () => void found.refetch());
  const board = found.data;
  const read = (tile: HealthTile) => go({ runbook: tile.metric }, true);
  const runbook = board?.tiles.find((tile) => tile.metric === asked("runbook"));
  return (
    <>
      <PageHead
        fact={board && <Fact board={board} />}
        actions={
          <>
            <Segmented<Range>
              aria-label={t("range")}
              value={range}
              options={RANGES.map((one) => ({ value: one, label: t(`ranges.${one}`) }))}
              onChange={(one) => go({ t: one === "1h" ? "" : one })}
            />
            {mayWrite && (
              <Button icon={<ToolOutlined />} onClick={() => setScope("all")}>
                {t("maintain")}
              </Button>
            )}
            <Button icon={<BellOutlined />} onClick={() => setEdited(true)}>
              {t("rules")}
            </Button>
          </>
        }
      />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="page" rows={8} />}
      {board && (
        <div className="health">
          <div className="health-tiles">
            {board.tiles.map((tile) => (
              <MetricTile key={tile.metric} tile={tile} />
            ))}
          </div>
          <Burning board={board} onRead={read} onMaintain={mayWrite ? setScope : undefined} />
          <Windows board={board} mayEnd={mayWrite} />
          <Rows board={board} onMaintain={mayWrite ? setScope : undefined} />
          <History board={board} />
        </div>
      )}
      {board && scope !== null && (
        <WindowForm board={board} scope={scope} onClose={() => setScope(null)} />
      )}
      {board && edited && (
        <Thresholds board={board} mayWrite={mayWrite} onClose={() => setEdited(false)} />
      )}
      {runbook && (
        <Runbook
          tile={runbook}
          onClose={() => go({ runbook: "" })}
          onMaintain={
            mayWrite
              ? () => {
                  go({ runbook: "" });
                  setScope(runbook.metric);
                }
              : undefined
          }
        />
      )}
    </>
  );
}

function Fact({ board }: { board: HealthBoard }) {
  const { t } = useTranslation("health-board");
  if (!board.looked) return t("notYet");
  if (board.is_stale) return <span className="health-stale">{t("stale", { age: age(board.looked) })}</span>;
  const told = LEVELS.map((level) => ({
    level,
    n: board.tiles.filter((tile) => tile.level === level).length,
  })).filter((one) => one.n > 0);
  if (told.length === 0) return t("allWell");
  return t("fact", {
    told: told.map(({ level, n }) => `${t(`common:alerts.${level}`)} ${count(n)}`).join(" · "),
  });
}
