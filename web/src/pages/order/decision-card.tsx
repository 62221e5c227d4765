import { CheckCircleOutlined, ReloadOutlined, WarningOutlined } from "@ant-design/icons";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { replayDecision } from "@/api/sdk.gen";
import type {
  DecisionPanel,
  MapNode as Node,
  OrderDecision,
  OrderOverrides,
  OrderSheet,
  PlanShown,
  ReasonCount,
  Replay,
  VotesShown,
} from "@/api/types.gen";
import { count, duration, exact, money, near, share } from "@/format";
import { Card } from "@/parts/card";
import { CostBar, CostLegend } from "@/parts/cost-bars";
import { DigestText } from "@/parts/digest-text";
import { type MapNode, NodeMap, type NodeKind } from "@/parts/node-map";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { OverrideButton, OverrideLines, type OverrideWish } from "./override-lines";
import { costParts, pick } from "./words";

interface Props {
  query: UseQueryResult<OrderDecision, unknown>;
  overrides: OrderOverrides | undefined;
  sheet: OrderSheet;
  onTrial: () => void;
  onOverride: (wish: OverrideWish) => void;
  onDone: () => Promise<void>;
}

/** Why this warehouse: the plans, the map, the others counted by reason, the same once more. */
export function DecisionCard({ query, overrides, sheet, onTrial, onOverride, onDone }: Props) {
  const { t } = useTranslation("order");
  const decision = query.data?.decision;
  const replay = useQuery({
    queryKey: ["replay", sheet.order, decision?.fact],
    queryFn: async ({ signal }) => {
      const { data } = await replayDecision({
        path: { order_id: sheet.order },
        body: { fact: decision?.fact ?? "" },
        signal,
        throwOnError: true,
      });
      return data;
    },
    enabled: decision !== undefined && decision !== null,
    staleTime: Infinity,
  });
  if (query.error) {
    return (
      <Card title={t("decision.title")}>
        <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      </Card>
    );
  }
  if (decision === undefined) {
    return (
      <Card title={t("decision.title")}>
        <Skeleton kind="card" rows={7} />
      </Card>
    );
  }
  if (decision === null) {
    return (
      <Card title={t("decision.title")}>
        <p className="muted">{t("decision.none")}</p>
      </Card>
    );
  }
  return (
    <Card
      title={titleOf(t, decision)}
      note={t("decision.note", {
        nodes: count(decision.nodes.length),
        plans: count(decision.plans.length),
      })}
      isFlush
      extra={
        <span className="order-links">
          <ReplayLink replay={replay} />
          <button type="button" className="as-link" onClick={onTrial}>
            {t("decision.trial")}
          </button>
          <OverrideButton overrides={overrides} onOverride={onOverride} />
        </span>
      }
    >
      <div className="order-decision">
        <div>
          {overrides && (
            <OverrideLines
              id={sheet.order}
              overrides={overrides}
              nodes={decision.nodes}
              onOverride={onOverride}
              onDone={onDone}
            />
          )}
          <Plans decision={decision} />
          <Cuts decision={decision} />
          <Others counted={decision.counted} />
          <About decision={decision} replay={replay.data} />
        </div>
        <DecisionMap decision={decision} height_px={310} />
      </div>
    </Card>
  );
}

function namesOf(decision: DecisionPanel, plan: PlanShown | undefined): string[] {
  const names = new Map(decision.nodes.map((node) => [node.code, node.name]));
  return (plan?.warehouses ?? []).map((code) => names.get(code) ?? code);
}

function titleOf(t: TFunction<"order">, decision: DecisionPanel): string {
  const names = namesOf(decision, decision.plans[0]);
  if (names.length === 0) return t("decision.nowhere");
  return t("decision.why", { names: names.join(t("comma")) });
}

function ReplayLink({ replay }: { replay: UseQueryResult<Replay, unknown> }) {
  const { t } = useTranslation("order");
  const result = replay.data;
  const state = replay.isFetching ? "running" : result ? (result.equal ? "equal" : "unequal") : "";
  return (
    <Button
      type="link"
      size="small"
      icon={state === "unequal" ? <WarningOutlined /> : <ReloadOutlined />}
      danger={state === "unequal"}
      loading={replay.isFetching}
      title={result ? result.replayed_sha256 : undefined}
      onClick={() => void replay.refetch()}
    >
      {t(`decision.replay.${state || "do"}`)}
    </Button>
  );
}

/** The plans, the chosen first, each with its cost in parts. */
export function Plans({ decision }: { decision: DecisionPanel }) {
  const { t } = useTranslation("order");
  const dearest = Math.max(...decision.plans.map((plan) => plan.total_fen), 1);
  return (
    <>
      <table className="order-plans">
        <caption className="visually-hidden">{t("decision.plans")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("decision.plan")}</th>
            <th scope="col">{t("decision.cost")}</th>
            <th scope="col" className="num">
              {t("decision.total")}
            </th>
            <th scope="col">{t("decision.arrives")}</th>
            <th scope="col" className="num">
              {t("decision.onTime")}
            </th>
          </tr>
        </thead>
        <tbody>
          {decision.plans.map((plan, at) => {
            const parts = costParts(t, plan, decision.plans);
            const spoken = parts.map((part) => `${part.label} ${money(part.fen)}`).join(t("comma"));
            const odds = plan.on_time_permille;
            return (
              <tr key={plan.warehouses.join(" ") || "none"} data-on={at === 0}>
                <td>
                  <b>
                    {at === 0 && <CheckCircleOutlined aria-label={t("decision.chosen")} />}{" "}
                    {namesOf(decision, plan).join(" + ") || t("decision.unshipped")}
                  </b>
                </td>
                <td title={spoken}>
                  <CostBar parts={parts} max_fen={dearest} label={spoken} />
                </td>
                <td className="num">
                  <b>{money(plan.total_fen)}</b>
                </td>
                <td title={plan.arrives ? exact(plan.arrives) : undefined}>
                  {plan.arrives ? near(plan.arrives) : "—"}
                </td>
                <td className="num">{odds === null ? "—" : share(odds / 1000, 1)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <div className="order-legend">
        <CostLegend parts={costParts(t, decision.plans[0] ?? { parts_fen: {} }, decision.plans)} />
      </div>
    </>
  );
}

/** Why more than one parcel: lines that no warehouse held alone, and how their units were cut. */
export function Cuts({ decision }: { decision: DecisionPanel }) {
  const { t } = useTranslation("order");
  const names = new Map(decision.nodes.map((node) => [node.code, node.name]));
  return decision.cut.map((line) => (
    <p key={line.sku} className="order-cut">
      {t("decision.cut", {
        sku: line.sku,
        units: count(line.units),
        parts: line.parts
          .map((part) =>
            t("decision.cutPart", {
              name: names.get(part.warehouse) ?? t("decision.unshipped"),
              units: count(part.units),
            }),
          )
          .join(t("comma")),
      })}
    </p>
  ));
}

/** The warehouses that were not taken, counted by what spoke against them above all. */
export function Others({ counted }: { counted: readonly ReasonCount[] }) {
  const { t } = useTranslation("order");
  const total = counted.reduce((sum, one) => sum + one.count, 0);
  if (total === 0) return null;
  return (
    <div className="order-others">
      <h3>{t("decision.others", { count: total })}</h3>
      <ul>
        {counted.map((one) => (
          <li key={one.code} data-tone={one.stops ? "broken" : "plain"}>
            {t(`reasons.${one.code}`, { defaultValue: pick(one) })} <b>{count(one.count)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function About({ decision, replay }: { decision: DecisionPanel; replay: Replay | undefined }) {
  const { t } = useTranslation("order");
  const names = new Map(
    decision.signals.map((one) => [one.key, pick({ zh: one.zh, en: one.en })]),
  );
  const defaults = decision.defaults.map((key) => names.get(key) ?? key);
  const { ruling } = decision;
  const ruler = ruling?.policy || decision.policy;
  const said = [ruling?.hold, ruling?.review, ...(ruling?.tell ?? [])].filter(Boolean);
  return (
    <dl className="order-about">
      <dt>{t("decision.policy")}</dt>
      <dd>
        {t("decision.weights", {
          policy: ruler ? t("decision.ruler", { digest: ruler.slice(0, 12) }) : t("decision.plain"),
          weights: decision.weights,
          code: decision.code,
        })}
      </dd>
      {said.length > 0 && (
        <>
          <dt>{t("decision.said")}</dt>
          <dd title={(ruling?.rules ?? []).join(" ")}>{said.join(t("comma"))}</dd>
        </>
      )}
      <dt>{t("decision.signals")}</dt>
      <dd title={defaults.join(t("comma"))}>
        {t("decision.defaults", {
          count: decision.signals_total,
          defaults: count(defaults.length),
        })}
      </dd>
      <dt>{t("decision.agreement")}</dt>
      <dd>
        {decision.votes ? (
          <Votes votes={decision.votes} decision={decision} replay={replay} />
        ) : replay ? (
          t(replay.agrees ? "decision.agrees" : "decision.differs", {
            margin: money(decision.margin_fen),
            took: duration(replay.took_us / 1000),
          })
        ) : (
          t("decision.margin", { margin: money(decision.margin_fen) })
        )}
      </dd>
      <dt>{t("decision.snapshot")}</dt>
      <dd>
        <DigestText hex={decision.snapshot} />
      </dd>
    </dl>
  );
}

/** What each scorer says of the plan, and whether a person was asked. */
function Votes({
  votes,
  decision,
  replay,
}: {
  votes: VotesShown;
  decision: DecisionPanel;
  replay: Replay | undefined;
}) {
  const { t } = useTranslation("order");
  const length = (minutes: number) => duration(minutes * MINUTE_MS);
  const names = new Map(decision.nodes.map((node) => [node.code, node.name]));
  const rule = votes.s3.map((code) => names.get(code) ?? code).join(t("comma"));
  const said = [
    replay
      ? t("decision.votesAgree", {
          agree: votes.agree,
          spoke: votes.spoke,
          margin: money(decision.margin_fen),
          took: duration(replay.took_us / 1000),
        })
      : t("decision.margin", { margin: money(decision.margin_fen) }),
    votes.s2_min < 0
      ? t("decision.votes.absent", { why: t(`decision.votes.why.${votes.s2_absent}`, { defaultValue: votes.s2_absent }) })
      : t("decision.votes.eta", { first: length(votes.s1_min), second: length(votes.s2_min) }),
    votes.s2_min >= 0 && votes.radius_min >= 0 && t("decision.votes.radius", { radius: length(votes.radius_min) }),
    !votes.s3_same && (rule ? t("decision.votes.rule", { names: rule }) : t("decision.votes.ruleNone")),
    votes.s4 === 1 && t("decision.votes.veto"),
    votes.reason && t(`decision.votes.reason.${votes.reason}`, { defaultValue: votes.reason }),
    votes.spared && t("decision.votes.spared"),
  ].filter(Boolean);
  return <>{said.join(t("comma"))}</>;
}

const MINUTE_MS = 60_000;
const KINDS: Record<Node["role"], NodeKind> = {
  chosen: "chosen",
  candidate: "candidate",
  dearer: "usable",
  stopped: "stopped",
  out: "out",
  excluded: "limited",
};
const ORDER: readonly Node["role"][] = ["chosen", "candidate", "stopped", "excluded", "dearer", "out"];
const MICRO = 1e6;

/** Every warehouse where it stands: chosen, candidate, ruled out. */
export function DecisionMap({
  decision,
  height_px,
}: {
  decision: DecisionPanel;
  height_px: number;
}) {
  const { t } = useTranslation("order");
  const nodes = useMemo<MapNode[]>(() => {
    const chosen = decision.plans[0];
    const more = new Map(
      decision.plans
        .slice(1)
        .flatMap((plan) =>
          plan.warehouses.map((code) => [code, plan.total_fen - (chosen?.total_fen ?? 0)] as const),
        ),
    );
    const label = (node: Node): string => {
      const isAlone = chosen?.warehouses.length === 1;
      if (node.role === "chosen") return isAlone ? `${node.name} ${money(chosen.total_fen)}` : node.name;
      const dearer = more.get(node.code);
      return dearer === undefined ? node.name : `${node.name} +${money(dearer)}`;
    };
    return [...decision.nodes]
      .sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role))
      .map((node) => ({
        id: node.code,
        name: node.name,
        lon: node.lng_udeg / MICRO,
        lat: node.lat_udeg / MICRO,
        kind: KINDS[node.role],
        size: node.role === "candidate" ? 1 : 0,
        label: label(node),
      }));
  }, [decision]);
  const labels = decision.nodes.filter((node) => node.role === "candidate").length + 1;
  return (
    <NodeMap nodes={nodes} labels={labels} height_px={height_px} label={t("decision.map")} />
  );
}
