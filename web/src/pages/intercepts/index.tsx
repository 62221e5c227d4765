import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { StopSummary } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, decimal } from "@/format";
import type { Tile } from "@/format/numbers";
import { PageHead } from "@/frame/page-head";
import { overviewKey, readOverview } from "@/pages/policies/api";
import { KindOf } from "@/pages/policies/kind";
import { Sets } from "@/pages/policies/list";
import { RollBack } from "@/pages/policies/moves";
import { NewDraft } from "@/pages/policies/new-draft";
import "@/pages/policies/policies.css";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { SUMMARY_KEY } from "./api";
import { Lists } from "./lists";
import { Stops } from "./stops";
import "./intercepts.css";

const TABS = ["stops", "rules", "lists"] as const;
const LOOK_MS = 15_000;
type RuleRow = StopSummary["rules"][number];

/** 拦截规则: what stopped today and false alarms first; then the rules, and the lists. */
export default function Intercepts() {
  // The words of policies come with the page's own: it would vanish once more when they are asked for.
  const { t } = useTranslation(["intercepts", "policies", "common"]);
  const { asked, ask } = useAsked();
  const mayRead = useMay("routing.read");
  const mayWrite = useMay("routing.write");
  const [isNew, make] = useState(false);
  const tab = TABS.find((one) => one === asked("tab")) ?? "stops";
  const summary = useQuery({
    queryKey: SUMMARY_KEY,
    queryFn: ({ signal }) => askHub<StopSummary>("/v1/intercepts/summary", { signal }),
    refetchInterval: LOOK_MS,
  });
  const sets = useQuery({
    queryKey: overviewKey("intercept"),
    queryFn: () => readOverview("intercept"),
    enabled: mayRead,
  });
  const data = summary.data;
  return (
    <KindOf value="intercept">
      <PageHead
        fact={
          data &&
          (data.today || data.held
            ? t("fact", { today: count(data.today), held: count(data.held) })
            : t("none"))
        }
        actions={
          <>
            {sets.data && <RollBack overview={sets.data} />}
            {mayWrite && (
              <Button type="primary" icon={<PlusOutlined />} onClick={() => make(true)}>
                {t("draft")}
              </Button>
            )}
          </>
        }
      />
      {summary.error && (
        <ProblemNote problem={asProblem(summary.error)} onRetry={() => void summary.refetch()} />
      )}
      {summary.isPending && <Skeleton kind="card" rows={2} />}
      {data && <Figures data={data} />}
      <div className="intercepts-bar">
        <Segmented
          aria-label={t("tabs.label")}
          value={tab}
          options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
          onChange={(value) => ask({ tab: value, rule: "", state: "" })}
        />
      </div>
      {tab === "stops" && (
        <div className="intercepts-stops">
          <Stops />
          {data && <Rules rows={data.rules} onRule={(rule) => ask({ rule, state: "all" })} />}
        </div>
      )}
      {tab === "rules" && sets.error && <ProblemNote problem={asProblem(sets.error)} />}
      {tab === "rules" && sets.data && <Sets data={sets.data} />}
      {tab === "lists" && <Lists />}
      {isNew && <NewDraft live={sets.data?.live ?? null} onClose={() => make(false)} />}
    </KindOf>
  );
}

const whole = (n: number): Tile => ({ value: count(n), unit: "", exact: count(n) });
const share = (part: number, all: number): Tile => ({
  value: percent(part, all),
  unit: all ? "%" : "",
  exact: `${count(part)} / ${count(all)}`,
});
const percent = (part: number, whole: number) =>
  whole ? decimal((100 * part) / whole, 1) : "—";

function Figures({ data }: { data: StopSummary }) {
  const { t } = useTranslation("intercepts");
  const parts = { hold: data.hold, review: data.review, reject: data.reject };
  const month = { released: count(data.month_released), month: count(data.month) };
  return (
    <div className="intercepts-figures">
      <Figure
        label={t("figures.today")}
        tile={whole(data.today)}
        note={t("figures.parts", parts)}
        to="/intercepts?state=all"
      />
      <Figure
        label={t("figures.held")}
        tile={whole(data.held)}
        note={t("figures.waits")}
        tone={data.held ? "risk" : "plain"}
        to="/intercepts?state=held"
      />
      <Figure
        label={t("figures.released")}
        tile={whole(data.released)}
        note={t("figures.wrong")}
        to="/intercepts?state=released"
      />
      <Figure
        label={t("figures.rate")}
        tile={share(data.month_released, data.month)}
        note={t("figures.month", month)}
        to="/intercepts?state=released"
      />
    </div>
  );
}

function Rules({ rows, onRule }: { rows: readonly RuleRow[]; onRule: (rule: string) => void }) {
  const { t } = useTranslation("intercepts");
  const columns: SmallColumn<RuleRow>[] = [
    {
      key: "rule",
      title: t("rules.rule"),
      render: (one) => (
        <Button type="link" size="small" title={one.rule} onClick={() => onRule(one.rule)}>
          {one.reason || one.rule}
        </Button>
      ),
    },
    { key: "stopped", title: t("rules.stopped"), isNumber: true, render: (one) => count(one.stopped) },
    { key: "released", title: t("rules.released"), isNumber: true, render: (one) => count(one.released) },
    {
      key: "rate",
      title: t("rules.rate"),
      isNumber: true,
      render: (one) => `${percent(one.released, one.stopped)}%`,
    },
  ];
  return (
    <Card title={t("rules.title")} note={t("rules.note")} isFlush>
      <SmallTable
        caption={t("rules.title")}
        columns={columns}
        rows={rows}
        keyOf={(one) => one.rule}
        empty={t("rules.empty")}
      />
    </Card>
  );
}
