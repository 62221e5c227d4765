import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { FindingChange, FindingIncident } from "@/api/types.gen";
import { age, count, duration, exact } from "@/format";
import { Card } from "@/parts/card";
import { query } from "@/parts/use-asked";
import { pageOf, useFindingWords } from "./words";

/** 可能由变更引起: what changed just before findings began, those with most findings first. */
export function Changes({ incidents }: { incidents: readonly FindingIncident[] }) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const byFact = new Map<string, FindingChange>();
  for (const { change } of incidents) {
    if (!change) continue;
    const known = byFact.get(change.fact);
    byFact.set(change.fact, {
      ...change,
      n: change.n + (known?.n ?? 0),
      after_ms: Math.min(change.after_ms, known?.after_ms ?? change.after_ms),
    });
  }
  const changes = [...byFact.values()].sort((a, b) => b.n - a.n);
  if (changes.length === 0) return null;
  return (
    <Card title={t("changesTitle")} note={t("changesNote")}>
      <ul className="incidents-changes">
        {changes.map((one) => {
          const what = words.change(one);
          const page = pageOf(one.kind);
          return (
            <li key={one.fact}>
              <span>{t("beganAfter", { n: count(one.n), time: duration(one.after_ms), what })}</span>{" "}
              <span className="note" title={exact(one.at)}>
                {age(one.at)}
              </span>{" "}
              {page && <Link to={page}>{t("lookAtChange")}</Link>}{" "}
              <Link to={`/incidents?${query({ tab: "items", change: one.fact })}`}>{t("allAfter")}</Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
