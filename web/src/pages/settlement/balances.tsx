import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { Balance, DaySum, DaySums, Settlement, TrialBalance } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, money } from "@/format";
import { Card } from "@/parts/card";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query, useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { Entries } from "./entries";
import { KEY, useAccountName, usePeriodName, useSided } from "./model";

/** 试算平衡表: as of a day, each account before the period, in it, and after. */
export function Balances({ found }: { found: Settlement }) {
  const { t } = useTranslation("settlement");
  const { asked, ask } = useAsked();
  const nameOf = useAccountName();
  const periodOf = usePeriodName();
  const sided = useSided();
  const day = asked("asof") || found.today;
  const trial = useQuery({
    queryKey: [...KEY, "trial", day],
    queryFn: ({ signal }) =>
      askHub<TrialBalance>(`/v1/settlement/balances?${query({ as_of: day })}`, { signal }),
    placeholderData: (old) => old,
  });
  const account = Number(asked("account"));
  const columns: SmallColumn<Balance>[] = [
    { key: "code", title: t("columns.code"), render: (one) => <span className="mono">{one.account}</span> },
    {
      key: "account",
      title: t("columns.account"),
      render: (one) => (
        <Button type="link" size="small" onClick={() => ask({ account: String(one.account), day: "" }, true)}>
          {nameOf(one.account)}
        </Button>
      ),
    },
    { key: "opening", title: t("columns.opening"), isNumber: true, render: (one) => sided(one.opening, one.currency) },
    { key: "debit", title: t("columns.debit"), isNumber: true, render: (one) => money(one.debit, one.currency) },
    { key: "credit", title: t("columns.credit"), isNumber: true, render: (one) => money(one.credit, one.currency) },
    { key: "closing", title: t("columns.closing"), isNumber: true, render: (one) => sided(one.closing, one.currency) },
  ];
  const sums = totals(trial.data?.items ?? []);
  return (
    <Card
      title={t("trial")}
      note={trial.data && t("trialNote", { period: periodOf(trial.data.period), day: trial.data.as_of })}
      extra={
        <Input
          type="date"
          aria-label={t("asOf")}
          value={day}
          onChange={(event) => ask({ asof: event.target.value === found.today ? "" : event.target.value })}
        />
      }
      isFlush
    >
      {trial.error && <ProblemNote problem={asProblem(trial.error)} onRetry={() => void trial.refetch()} />}
      {trial.isLoading && <Skeleton kind="rows" rows={5} />}
      {trial.data && (
        <>
          <SmallTable
            caption={t("trial")}
            columns={columns}
            rows={trial.data.items}
            keyOf={(one) => `${one.currency} ${one.account}`}
            empty={t("noEntries")}
          />
          {sums.map((one) => (
            <p key={one.currency} className="settlement-sum" data-even={one.debit === one.credit}>
              {t("sum", {
                debit: money(one.debit, one.currency),
                credit: money(one.credit, one.currency),
              })}{" "}
              · {t(one.debit === one.credit ? "balanced" : "unbalanced")}
            </p>
          ))}
        </>
      )}
      <Drill key={account} account={account} until={day} />
    </Card>
  );
}

/** Debits and credits of the period, by currency. */
function totals(items: readonly Balance[]): { currency: string; debit: number; credit: number }[] {
  const sums = new Map<string, { currency: string; debit: number; credit: number }>();
  for (const one of items) {
    const sum = sums.get(one.currency) ?? { currency: one.currency, debit: 0, credit: 0 };
    sums.set(one.currency, { ...sum, debit: sum.debit + one.debit, credit: sum.credit + one.credit });
  }
  return [...sums.values()];
}

/** An account: its days, and of a day its entries, each with its order. */
function Drill({ account, until }: { account: number; until: string }) {
  const { t } = useTranslation(["settlement", "common"]);
  const { asked, ask } = useAsked();
  const nameOf = useAccountName();
  const day = asked("day");
  const isOpen = account > 0;
  const days = useQuery({
    queryKey: [...KEY, "days", account, until],
    queryFn: ({ signal }) =>
      askHub<DaySums>(`/v1/settlement/accounts/${account}/days?${query({ to: until })}`, { signal }),
    enabled: isOpen,
  });
  const channel = (one: DaySum) =>
    [one.channel && t(`common:channels.${one.channel}`, { defaultValue: one.channel }), one.shop]
      .filter(Boolean)
      .join(" · ") || "—";
  const columns: SmallColumn<DaySum>[] = [
    {
      key: "day",
      title: t("columns.day"),
      render: (one) => (
        <Button type="link" size="small" onClick={() => ask({ day: one.day })}>
          {one.day}
        </Button>
      ),
    },
    { key: "channel", title: t("columns.channel"), render: channel },
    { key: "debit", title: t("columns.debitOf"), isNumber: true, render: (one) => money(one.debit, one.currency) },
    { key: "credit", title: t("columns.creditOf"), isNumber: true, render: (one) => money(one.credit, one.currency) },
    { key: "n", title: t("columns.postings"), isNumber: true, render: (one) => count(one.entries) },
  ];
  return (
    <Peek
      title={isOpen ? nameOf(account) : ""}
      isOpen={isOpen}
      onClose={() => ask({ account: "", day: "" })}
    >
      {days.error && <ProblemNote problem={asProblem(days.error)} onRetry={() => void days.refetch()} />}
      {days.isLoading && <Skeleton kind="rows" rows={4} />}
      {days.data && !day && (
        <>
          <SmallTable
            caption={t("days")}
            columns={columns}
            rows={days.data.items}
            keyOf={(one) => `${one.day} ${one.currency} ${one.channel} ${one.shop}`}
            empty={t("noEntries")}
          />
          {!days.data.whole && <p className="note">{t("daysCut", { n: days.data.items.length })}</p>}
        </>
      )}
      {day && isOpen && (
        <>
          <Button size="small" onClick={() => ask({ day: "" })}>
            {t("allDays")}
          </Button>
          <Entries asked={{ account, from: day, to: day }} />
        </>
      )}
    </Peek>
  );
}

