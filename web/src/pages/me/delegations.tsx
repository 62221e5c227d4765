import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { DelegationShown, DelegationsPage } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, exact } from "@/format";
import { Card } from "@/parts/card";
import { DELEGATIONS_KEY, useNames } from "@/parts/delegations/delegations";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";

const GiveDialog = lazy(() => import("@/parts/delegations/give-dialog"));
const WithdrawDialog = lazy(() => import("@/parts/delegations/withdraw-dialog"));
const PAGE_ROWS = 100;

/** 授权代办: what this person lends now, and what is lent to them. */
export function Delegations() {
  const { t } = useTranslation("delegations");
  const [isGiving, setGiving] = useState(false);
  const [ending, end] = useState<DelegationShown | null>(null);
  const list = useQuery({
    queryKey: [...DELEGATIONS_KEY, "mine"],
    queryFn: ({ signal }) =>
      ask<DelegationsPage>(`/v1/delegations?limit=${PAGE_ROWS}`, { signal }),
  });
  const holding = list.data?.items.filter((one) => one.holds) ?? [];
  const given = holding.filter((one) => one.mine);
  const taken = holding.filter((one) => !one.mine);
  return (
    <Card
      title={t("title")}
      note={list.data && t("cardNote", { given: given.length, taken: taken.length })}
      extra={<Link to="/settings/delegations?scope=mine">{t("history")}</Link>}
    >
      {list.error ? (
        <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
      ) : !list.data ? (
        <Skeleton kind="card" />
      ) : (
        <>
          {holding.length === 0 && <p className="note">{t("noneNow")}</p>}
          {given.length > 0 && <Part title={t("givenByMe")} items={given} onEnd={end} />}
          {taken.length > 0 && <Part title={t("givenToMe")} items={taken} onEnd={end} />}
        </>
      )}
      <div className="me-acts">
        <Button onClick={() => setGiving(true)}>{t("give")}</Button>
      </div>
      <Suspense>
        {isGiving && <GiveDialog onClose={() => setGiving(false)} />}
        {ending && (
          <WithdrawDialog one={ending} isBack={!ending.mine} onClose={() => end(null)} />
        )}
      </Suspense>
    </Card>
  );
}

interface PartProps {
  title: string;
  items: readonly DelegationShown[];
  onEnd: (one: DelegationShown) => void;
}

function Part({ title, items, onEnd }: PartProps) {
  const { t } = useTranslation("delegations");
  const names = useNames();
  return (
    <>
      <h3 className="me-part">{title}</h3>
      <ul className="me-list" aria-label={title}>
        {items.map((one) => (
          <li key={one.id}>
            <div title={one.reason}>
              {names.action(one.action)} ·{" "}
              {one.mine
                ? t("toWhom", { person: names.person(one.to) })
                : t("fromWhom", { person: names.person(one.giver) })}
              <small title={exact(one.ends)}>
                {t("until", { at: dated(one.ends) })} · {one.reason}
              </small>
            </div>
            <Button size="small" onClick={() => onEnd(one)}>
              {t(one.mine ? "withdraw.act" : "back.act")}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
