import { type UseQueryResult } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Doable, Doables } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { type Grade, GradeBadge } from "@/parts/grade-badge";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

interface Props {
  query: UseQueryResult<Doables, unknown>;
  onAct: (doable: Doable) => void;
}

/** What the contract lets this person do for the order; the rest with the reason against it. */
export function ContractCard({ query, onAct }: Props) {
  const { t } = useTranslation("order");
  const items = query.data?.items ?? [];
  const mine = items.filter((one) => !others(one));
  const rest = items.filter(others);
  return (
    <Card
      title={t("contract.title")}
      note={query.data && t("contract.note", { count: items.filter((one) => one.done.length > 0).length })}
    >
      {query.error ? (
        <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      ) : !query.data ? (
        <Skeleton kind="card" />
      ) : items.length === 0 ? (
        <p className="muted">{t("contract.none")}</p>
      ) : (
        <>
          <ul className="order-contract">
            {mine.map((one) => (
              <Line key={one.action} doable={one} onAct={onAct} />
            ))}
          </ul>
          {mine.some((one) => one.why_not[0]?.code === "no_passkey_yet") && (
            <p className="note">
              <Link className="order-underlined" to="/settings/account">
                {t("contract.addPasskey")}
              </Link>
            </p>
          )}
          {rest.length > 0 && (
            <p className="note">
              {t("contract.others", {
                names: rest.map((one) => byLocale(one.name.zh, one.name.en)).join(t("comma")),
              })}
            </p>
          )}
        </>
      )}
    </Card>
  );
}

/** Somebody else's business, and nothing of it is under way or done. */
function others(one: Doable): boolean {
  return one.done.length === 0 && one.open.length === 0 && one.why_not.some((why) => why.code === "role_may_not");
}

function Line({ doable, onAct }: { doable: Doable; onAct: (doable: Doable) => void }) {
  const { t } = useTranslation("order");
  const mayPerform = useMay("action.perform");
  const name = byLocale(doable.name.zh, doable.name.en);
  const why = doable.why_not[0];
  const isDone = doable.done.some((one) => !one.undone);
  const isOpen = doable.open.some((one) => one.mine);
  return (
    <li>
      <GradeBadge grade={doable.grade as Grade} />
      <div>
        <b>{name}</b>
        {isDone ? (
          <p className="note">{t("contract.done")}</p>
        ) : why ? (
          <p className="note">
            {byLocale(why.reason, why.reason_en)}
          </p>
        ) : (
          <p className="note">
            {doable.evidence.map((one) => `${byLocale(one.name.zh, one.name.en)} ≥ ${one.min}`).join(t("comma"))}
          </p>
        )}
      </div>
      {!why && mayPerform && (
        <Button size="small" onClick={() => onAct(doable)} aria-label={t("contract.do", { name })}>
          {t(isOpen ? "contract.goOn" : "contract.begin")}
        </Button>
      )}
    </li>
  );
}
