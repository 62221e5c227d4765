import { useQuery } from "@tanstack/react-query";
import { Button, Progress, Select, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import type { Network, NetworkRun } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count, countTile, moneyTile, share } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Figure } from "@/parts/figure";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { useNarrow } from "@/parts/use-size";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Moves } from "./moves";
import { Play } from "./play";
import { Rows } from "./rows";
import { Settings } from "./settings";
import { isOver, KEY, TABS, type Tab } from "./words";
import "./network.css";

const LOOK_MS = 1_000;
const REST_MS = 30_000;
const MILLION = 1_000_000;

/** 网络仿真: a scenario against now; who will be short, what should move, what is kept back. */
export default function NetworkLab() {
  const { t } = useTranslation("network");
  const { asked, ask } = useAsked();
  const mayRun = useMay("network.write");
  const isNarrow = useNarrow();
  const tab: Tab = TABS.find((one) => one === asked("tab")) ?? "play";
  const found = useQuery({
    queryKey: [...KEY, "head"],
    queryFn: ({ signal }) => fetchJson<Network>("/v1/network", { signal }),
    refetchInterval: (q) => (isOver(q.state.data?.last?.state ?? "done") ? REST_MS : LOOK_MS),
  });
  const view = found.data;
  const plan = view?.plan;
  return (
    <>
      <PageHead
        fact={plan ? t("fact", { when: brief(plan.finished), rows: count(plan.figures?.rows) }) : undefined}
        actions={mayRun && view && <Begin view={view} />}
      />
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="page" rows={8} />}
      {view && (
        <div className="network">
          <Planning run={view.last} />
          <Summary view={view} />
          {isNarrow ? (
            <>
              <Select
                aria-label={t("parts")}
                value={tab}
                options={TABS.map((key) => ({ value: key, label: t(`tabs.${key}`) }))}
                onChange={(key) => ask({ tab: key, row: "" })}
              />
              <Body tab={tab} view={view} />
            </>
          ) : (
            <Tabs
              activeKey={tab}
              onChange={(key) => ask({ tab: key, row: "" })}
              items={TABS.map((key) => ({
                key,
                label: t(`tabs.${key}`),
                children: key === tab ? <Body tab={key} view={view} /> : null,
              }))}
            />
          )}
        </div>
      )}
    </>
  );
}

function Body({ tab, view }: { tab: Tab; view: Network }) {
  if (tab === "play") return <Play warehouses={view.warehouses} />;
  if (tab === "settings") return <Settings warehouses={view.warehouses} />;
  const plan = view.plan?.id ?? "";
  if (tab === "moves") return <Moves plan={plan} hasForecast={view.has_forecast} />;
  return <Rows key={tab} view={tab} plan={plan} hasForecast={view.has_forecast} />;
}

/** What the plan comes to; each figure opens its list. */
function Summary({ view }: { view: Network }) {
  const { t } = useTranslation("network");
  const figures = view.plan?.figures;
  if (!figures)
    return <p className="note">{t(view.has_forecast ? "noPlan" : "noForecast")}</p>;
  return (
    <div className="figures">
      <Figure
        label={t("figures.short")}
        tile={countTile(figures.short)}
        tone={figures.short > 0 ? "risk" : "plain"}
        note={t("figures.shortNote", { rows: count(figures.rows), unknown: count(figures.unknown) })}
        to="?tab=short"
      />
      <Figure
        label={t("figures.worth")}
        tile={moneyTile(figures.worth_fen)}
        note={t("figures.worthNote", { moves: count(figures.moves), gap: share(figures.gap_ppm / MILLION, 1) })}
        to="?tab=moves"
      />
      <Figure
        label={t("figures.units")}
        tile={countTile(figures.units)}
        note={t("figures.unitsNote", { trucks: count(figures.trucks) })}
        to="?tab=moves"
      />
      <Figure label={t("figures.slow")} tile={countTile(figures.slow)} note={t("figures.slowNote")} to="?tab=slow" />
    </div>
  );
}

/** A plan under way: how far it is; one that failed: why. */
function Planning({ run }: { run: NetworkRun | null }) {
  const { t } = useTranslation("network");
  if (run?.state === "failed")
    return (
      <p className="network-running" role="status">
        {t("failed", { why: run.trouble })}
      </p>
    );
  if (!run || isOver(run.state)) return null;
  return <Running run={run} />;
}

export function Running({ run }: { run: NetworkRun }) {
  const { t } = useTranslation("network");
  return (
    <div className="network-running" role="status">
      <span>{t(`stages.${run.state === "waiting" ? "waiting" : run.stage}`, { defaultValue: run.stage })}</span>
      <Progress percent={run.share} size="small" aria-label={t("progress")} />
    </div>
  );
}

/** Plan anew, or stop the plan that is under way. */
function Begin({ view }: { view: Network }) {
  const { t } = useTranslation("network");
  const { failed } = useNotice();
  const run = view.last;
  const isOn = run !== null && !isOver(run.state);
  const act = async () => {
    try {
      await fetchJson(isOn ? `/v1/network/runs/${run.id}/cancel` : "/v1/network/runs", { method: "POST", json: {} });
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <Button type={isOn ? "default" : "primary"} onClick={() => void act()}>
      {t(isOn ? "stop" : "begin")}
    </Button>
  );
}
