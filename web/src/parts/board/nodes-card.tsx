import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { Alert, Overview } from "@/api/types.gen";
import { age, count } from "@/format";
import { useNow } from "@/live/use-live";
import { Card } from "@/parts/card";
import { type MapNode, NodeMap } from "@/parts/node-map";
import { type Tone, ToneTag } from "@/parts/status-tag";

const MICRO = 1_000_000;
/** A warehouse stands out when it owes more than twice what the target lets it. */
const OUT_OF_LINE = 2;
const TONES: Record<string, Tone> = {
  broken: "broken",
  borderline: "pend",
  hold: "risk",
  inbox: "info",
  log: "broken",
  passkey: "broken",
  twin: "broken",
  resilience: "pend",
  breaker: "broken",
  canary: "pend",
  replay: "broken",
  prices: "pend",
  policy: "broken",
};
const ALARMS = ["log", "passkey", "twin", "resilience", "breaker", "canary", "replay", "prices", "policy"];

/** 37 仓: where the work lies, who owes a promise, and the four newest alerts. */
export function NodesCard({ board, height_px = 236 }: { board: Overview; height_px?: number }) {
  const { t } = useTranslation("overview");
  const go = useNavigate();
  const most = OUT_OF_LINE * (1 - board.figures.promises.target);
  const nodes = useMemo<MapNode[]>(
    () =>
      board.warehouses.map((node) => ({
        id: node.code,
        name: node.name,
        lon: node.lng_udeg / MICRO,
        lat: node.lat_udeg / MICRO,
        kind: node.owed > node.open * most ? "limited" : "usable",
        size: node.open,
        state: t("nodes.state", { open: count(node.open), held: count(node.held), owed: count(node.owed) }),
        ...(node.owed > node.open * most && { label: t("nodes.owed", { name: node.name, n: count(node.owed) }) }),
      })),
    [board.warehouses, most, t],
  );
  const owing = nodes.filter((node) => node.kind === "limited").length;
  const links = new Map(board.warehouses.map((node) => [node.code, node.link]));
  return (
    <Card
      title={t("nodes.title", { count: nodes.length })}
      note={t("nodes.note")}
      className="board-nodes"
      isFlush
    >
      {nodes.length === 0 ? (
        <p className="board-empty">{t("nodes.empty")}</p>
      ) : (
        <NodeMap
          nodes={nodes}
          label={t("nodes.label", { count: nodes.length, owing })}
          labels={6}
          height_px={height_px}
          onSelect={(id) => void go(links.get(id) ?? "/orders")}
        />
      )}
      <p className="board-legend">
        <span data-tone="primary">
          <svg viewBox="-6 -6 12 12" width="12" height="12" aria-hidden>
            <circle r="5" fill="var(--primary)" />
          </svg>{" "}
          {t("nodes.normal", { count: nodes.length - owing })}
        </span>
        {owing > 0 && (
          <span data-tone="risk">
            <svg viewBox="-6 -6 12 12" width="12" height="12" aria-hidden>
              <path d="M0 -5L5.5 5L-5.5 5Z" fill="var(--riskfill)" />
            </svg>{" "}
            {t("nodes.owing", { count: owing })}
          </span>
        )}
      </p>
      <Alerts alerts={board.alerts} />
    </Card>
  );
}

function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useTranslation("overview");
  const now = useNow();
  if (alerts.length === 0) return <p className="board-empty">{t("alerts.none")}</p>;
  return (
    <ul className="board-alerts" aria-label={t("alerts.label")}>
      {alerts.map((alert) => (
        <li key={`${alert.kind} ${alert.code} ${alert.channel}`}>
          <ToneTag tone={TONES[alert.kind] ?? "plain"}>{t(`alerts.${alert.kind}`)}</ToneTag>
          <Link to={alert.link}>
            <b>
              <AlertName alert={alert} />
            </b>
            <span className="note">
              {t(`alerts.${alert.kind}Note`, {
                count: alert.n,
                n: alert.exact ? count(alert.n) : t("about", { value: count(alert.n) }),
              })}
            </span>
          </Link>
          <time className="note" dateTime={alert.at}>
            {age(alert.at, now)}
          </time>
        </li>
      ))}
    </ul>
  );
}

function AlertName({ alert }: { alert: Alert }) {
  const { t, i18n } = useTranslation("overview");
  const name = i18n.language === "en" ? alert.name_en : alert.name_zh;
  if (alert.kind === "hold") return t(`holds.${alert.code}`, { defaultValue: alert.code || t("holds.other") });
  if (alert.kind === "inbox") return `${name} · ${t(`inbox.${alert.code}`, { defaultValue: alert.code })}`;
  if (ALARMS.includes(alert.kind)) return t(`alarms.${alert.code}`);
  return name;
}
