import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AgentOutcomes } from "@/api/types.gen";
import { ask } from "@/client";
import { count, money, share } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { LOOK_MS, PROPOSALS_KEY } from "./words";

/** 近 30 天成效: what proposals came to, against what would have been. */
export function Outcomes() {
  const { t } = useTranslation("agent");
  const found = useQuery({
    queryKey: [...PROPOSALS_KEY, "outcomes"],
    queryFn: ({ signal }) => ask<AgentOutcomes>("/v1/agent/outcomes", { signal }),
    refetchInterval: LOOK_MS,
  });
  const seen = found.data;
  return (
    <Card title={t("outcomes.title")}>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {seen && (
        <dl className="agent-outcomes">
          <dt>{t("outcomes.accepted")}</dt>
          <dd>
            {count(seen.accepted)} / {count(seen.decided)}
          </dd>
          <dt>{t("outcomes.real")}</dt>
          <dd>{seen.measured > 0 ? money(seen.real_fen) : t("outcomes.notYet")}</dd>
          {seen.measured > 0 && (
            <dd className="note agent-wide">
              {t("outcomes.between", {
                low: money(seen.low_fen),
                high: money(seen.high_fen),
                expected: money(seen.expected_fen),
                count: seen.measured,
              })}
            </dd>
          )}
          <dt>{t("outcomes.over")}</dt>
          <dd>{seen.overestimated === null ? "—" : share(seen.overestimated / 1_000, 1)}</dd>
          <dt>{t("outcomes.rollbacks")}</dt>
          <dd>{t("outcomes.restored", { count: seen.rollbacks, restored: count(seen.restored) })}</dd>
        </dl>
      )}
    </Card>
  );
}
