import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { WorkbenchRow } from "@/api/types.gen";
import { age, count, dated, leftWords } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useCount } from "@/frame/stores";
import { useLive, useNow } from "@/live/use-live";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useWaitingWords } from "@/pages/review/queue";
import { type OrderGroup, SHOWN, useTasks } from "./use-tasks";
import "./tasks.css";

const TONES: Record<OrderGroup["key"], Tone> = {
  mine: "primary",
  broken: "broken",
  held: "risk",
  judge: "pend",
};

/** 我的待办: what waits for this person, the next to be late first. */
export default function Tasks() {
  const { t } = useTranslation(["tasks", "common"]);
  const tasks = useTasks();
  useLive("orders", tasks.refetch);
  const now = useNow();
  const orders = tasks.orders.filter((group) => group.count > 0);
  const total =
    orders.reduce((sum, group) => sum + group.count, 0) +
    tasks.inbox.items.length +
    tasks.reviews.count +
    tasks.originals.count +
    tasks.invited.length;
  const dues = orders.flatMap((group) => group.rows.map((row) => row.due)).filter(Boolean);
  const first = dues.sort()[0];
  const isLate = first !== undefined && new Date(first).getTime() < now;
  useCount("/tasks", tasks.isLoading ? undefined : total, isLate);
  return (
    <>
      <PageHead
        fact={
          tasks.isLoading
            ? undefined
            : first
              ? t("fact", { total: count(total), due: dated(first) })
              : t("factPlain", { total: count(total) })
        }
      />
      {tasks.error ? (
        <ProblemNote problem={asProblem(tasks.error)} onRetry={tasks.refetch} />
      ) : tasks.isLoading ? (
        <Skeleton kind="page" />
      ) : total === 0 ? (
        <p className="tasks-none">{t("none")}</p>
      ) : (
        <div className="tasks">
          {orders.map((group) => (
            <Card
              key={group.key}
              title={t(`groups.${group.key}`)}
              note={t(`notes.${group.key}`)}
              extra={
                <Link to={group.to}>
                  {group.isExact
                    ? t("all", { n: count(group.count) })
                    : t("about", { n: count(group.count) })}
                </Link>
              }
              isFlush
            >
              <Lines label={t(`groups.${group.key}`)}>
                {group.rows.map((row) => (
                  <OrderLine key={row.order} row={row} kind={group.key} now={now} />
                ))}
              </Lines>
            </Card>
          ))}
          <Others tasks={tasks} now={now} />
        </div>
      )}
    </>
  );
}

function Lines({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className="tasks-lines" aria-label={label}>
      {children}
    </ul>
  );
}

function OrderLine({ row, kind, now }: { row: WorkbenchRow; kind: OrderGroup["key"]; now: number }) {
  const { t } = useTranslation(["tasks", "common", "overview"]);
  const isLate = Boolean(row.due) && new Date(row.due).getTime() < now;
  const holds = row.holds.map((one) => t(`overview:holds.${one}`, { defaultValue: one }));
  const stage = t(`common:stages.${row.state}`, { defaultValue: row.state });
  return (
    <li>
      <ToneTag tone={TONES[kind]}>{stage}</ToneTag>
      <Link to={`/orders/${row.order}`}>
        <b>{row.number}</b>
        <span className="note">
          {[row.title, row.warehouse_name, holds.join("、")].filter(Boolean).join(" · ")}
        </span>
      </Link>
      <span className="tasks-time" data-tone={isLate ? "broken" : undefined}>
        {row.due ? leftWords(row.due, now) : t("noClock")}
      </span>
    </li>
  );
}

function Others({ tasks, now }: { tasks: ReturnType<typeof useTasks>; now: number }) {
  const { t } = useTranslation(["tasks", "overview", "common"]);
  const { inbox, reviews, originals, invited } = tasks;
  const words = useWaitingWords();
  return (
    <>
      {originals.count > 0 && (
        <Card
          title={t("groups.originals")}
          note={t("notes.originals")}
          extra={<Link to="/review">{t("all", { n: count(originals.count) })}</Link>}
          isFlush
        >
          <Lines label={t("groups.originals")}>
            {originals.items.map((item) => (
              <li key={item.id}>
                <ToneTag tone="pend">{words.kind(item.modality)}</ToneTag>
                <Link to={`/review/${item.id}`}>
                  <b>{words.name(item)}</b>
                  <span className="note">{words.note(item)}</span>
                </Link>
                <span className="tasks-time note">{age(item.received, now)}</span>
              </li>
            ))}
          </Lines>
        </Card>
      )}
      {reviews.count > 0 && (
        <Card
          title={t("groups.review")}
          note={t("notes.review")}
          extra={<Link to="/pda">{t("all", { n: count(reviews.count) })}</Link>}
          isFlush
        >
          <Lines label={t("groups.review")}>
            {reviews.items.slice(0, SHOWN).map((item) => (
              <li key={`${item.order} ${item.fulfilment}`}>
                <ToneTag tone="info">{t("groups.review")}</ToneTag>
                <Link to={`/pda/review/${item.order}/${item.fulfilment}`}>
                  <b>{item.number}</b>
                  <span className="note">
                    {t("pieces", { warehouse: item.warehouse, units: count(item.units) })}
                  </span>
                </Link>
                <span className="tasks-time">{leftWords(item.due, now)}</span>
              </li>
            ))}
          </Lines>
        </Card>
      )}
      {inbox.items.length > 0 && (
        <Card
          title={t("groups.inbox")}
          note={t("notes.inbox")}
          extra={
            <Link to="/channels">
              {t(inbox.hasMore ? "more" : "all", { n: count(inbox.items.length) })}
            </Link>
          }
          isFlush
        >
          <Lines label={t("groups.inbox")}>
            {inbox.items.map((item) => (
              <li key={item.message}>
                <ToneTag tone="info">{item.channel_title}</ToneTag>
                <Link to="/channels">
                  <b>{t(`overview:inbox.${item.reason}`, { defaultValue: item.reason })}</b>
                  <span className="note">{item.detail}</span>
                </Link>
                <span className="tasks-time note">{age(item.received, now)}</span>
              </li>
            ))}
          </Lines>
        </Card>
      )}
      {invited.length > 0 && (
        <Card
          title={t("groups.invited")}
          note={t("notes.invited")}
          extra={<Link to="/settings/people">{t("all", { n: count(invited.length) })}</Link>}
          isFlush
        >
          <Lines label={t("groups.invited")}>
            {invited.map((person) => (
              <li key={person.id}>
                <ToneTag>{t(`common:roles.${person.roles[0] ?? "service"}`)}</ToneTag>
                <Link to="/settings/people">
                  <b>{person.name}</b>
                  <span className="note">{person.login}</span>
                </Link>
                <span className="tasks-time note">
                  {person.link_ends ? t("ends", { at: dated(person.link_ends) }) : t("noLink")}
                </span>
              </li>
            ))}
          </Lines>
        </Card>
      )}
    </>
  );
}
