import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { FindingIncident, FindingItem, FindingPage } from "@/api/types.gen";
import { ask } from "@/client";
import { age, count, dated, exact, money } from "@/format";
import { usePeople } from "@/pages/jobs/use-people";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { Grade, Limit } from "./grade";
import { LIST_KEY, useFindingWords } from "./words";

const incidentKey = (one: FindingIncident) => one.incident;
const findingKey = (one: FindingItem) => String(one.no);

interface GroupsProps {
  rows: readonly FindingIncident[];
  at: string;
  onPick: (one: FindingIncident) => void;
}

/** 分组: findings of one class, cause and place, those due first, first. */
export function Groups({ rows, at, onPick }: GroupsProps) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const nameOf = usePeople();
  const columns = useMemo<Column<FindingIncident>[]>(
    () => [
      {
        key: "grade", title: t("columns.grade"), width: 76, fixed: true,
        text: (one) => t(`grades.${one.grade}`), render: (one) => <Grade grade={one.grade} />,
      },
      {
        key: "kind", title: t("columns.kind"), width: 104,
        text: (one) => words.kind(one.kind), render: (one) => words.kind(one.kind),
      },
      {
        key: "what", title: t("columns.what"), width: 280, least: 160,
        text: (one) => words.cause(one),
        render: (one) => (
          <button type="button" className="incidents-what" onClick={() => onPick(one)}>
            {words.cause(one)}
          </button>
        ),
      },
      {
        key: "open", title: t("columns.open"), width: 72, align: "right",
        text: (one) => count(one.open), render: (one) => t("items", { n: count(one.open) }),
      },
      {
        key: "risk", title: t("columns.risk"), width: 110, align: "right",
        text: (one) => money(one.risk_fen),
        render: (one) => (one.risk_fen ? money(one.risk_fen) : "—"),
      },
      {
        key: "since", title: t("columns.since"), width: 100,
        text: (one) => exact(one.since),
        render: (one) => <span title={exact(one.since)}>{age(one.since)}</span>,
      },
      {
        key: "due", title: t("columns.due"), width: 112,
        text: (one) => exact(one.due), render: (one) => <Limit due={one.due} />,
      },
      {
        key: "owner", title: t("columns.owner"), width: 100,
        text: (one) => (one.owner ? nameOf(`person:${one.owner}`) : t("nobody")),
        render: (one) => (one.owner ? nameOf(`person:${one.owner}`) : t("nobody")),
      },
    ],
    [t, words, nameOf, onPick],
  );
  return (
    <LedgerTable<FindingIncident>
      caption={t("groups")}
      columns={columns}
      rows={rows}
      keyOf={incidentKey}
      nameOf={words.cause}
      total={rows.length}
      peeked={at}
      onOpen={onPick}
      height_px={Math.min(520, 76 + 40 * Math.max(rows.length, 3))}
      empty={t("calm")}
      card={(one) => (
        <button type="button" className="incidents-card" onClick={() => onPick(one)}>
          <span>
            <Grade grade={one.grade} /> <b>{words.kind(one.kind)}</b> {t("items", { n: count(one.open) })}
          </span>
          <span>{words.cause(one)}</span>
          {one.change && <small>{t("likelyAfter", { what: words.change(one.change) })}</small>}
          <Limit due={one.due} />
        </button>
      )}
    />
  );
}

interface ItemsProps {
  asked: Readonly<Record<string, string>>;
  at: string;
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
  onPick: (one: FindingItem) => void;
}

/** 逐件: one finding a row, to be selected and worked on together. */
export function Items({ asked, at, selected, onSelect, onPick }: ItemsProps) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const nameOf = usePeople();
  const isPast = asked.state === "done";
  const isIgnored = asked.state === "suppressed";
  const list = useKeyset<FindingItem, FindingPage>({
    queryKey: [...LIST_KEY, asked],
    fetch: (cursor, signal) =>
      ask(`/v1/findings?${query({ ...asked, cursor, limit: 200 })}`, { signal }),
  });
  const columns = useMemo<Column<FindingItem>[]>(
    () => [
      {
        key: "grade", title: t("columns.grade"), width: 76, fixed: true,
        text: (one) => t(`grades.${one.grade}`), render: (one) => <Grade grade={one.grade} />,
      },
      {
        key: "kind", title: t("columns.kind"), width: 104, least: 76,
        text: (one) => words.kind(one.kind), render: (one) => words.kind(one.kind),
      },
      {
        key: "number", title: t("columns.number"), width: 150, least: 140,
        text: (one) => one.number || one.subject, render: (one) => one.number || "—",
      },
      {
        key: "what", title: t("columns.what"), width: 260, least: 96,
        text: (one) => words.cause(one),
        render: (one) => (
          <button type="button" className="incidents-what" onClick={() => onPick(one)}>
            {words.cause(one)}
          </button>
        ),
      },
      {
        key: "risk", title: t("columns.risk"), width: 104, least: 90, align: "right",
        text: (one) => money(one.risk_fen),
        render: (one) => (one.risk_fen ? money(one.risk_fen) : "—"),
      },
      {
        key: "due", title: t(isPast ? "columns.ended" : isIgnored ? "suppressedUntil" : "columns.due"), width: 100, least: 88,
        text: (one) => exact(isPast ? one.ended : isIgnored ? one.until : one.due),
        render: (one) =>
          isPast ? age(one.ended) : isIgnored ? dated(one.until) : <Limit due={one.due} />,
      },
      {
        key: "owner", title: isPast ? t("columns.how") : t("columns.owner"), width: 104,
        text: (one) => (one.owner ? nameOf(`person:${one.owner}`) : t("nobody")),
        render: (one) =>
          isPast ? t(`hows.${one.how}`) : one.owner ? nameOf(`person:${one.owner}`) : t("nobody"),
      },
    ],
    [t, words, nameOf, onPick, isPast, isIgnored],
  );
  return (
    <LedgerTable<FindingItem>
      caption={t("items_title")}
      columns={columns}
      rows={list.rows}
      keyOf={findingKey}
      nameOf={(one) => `${words.kind(one.kind)} ${one.number}`}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      isWaiting={list.isWaiting}
      problem={list.problem}
      onRetry={list.onRetry}
      selected={selected}
      onSelect={onSelect}
      peeked={at}
      onOpen={onPick}
      height_px={520}
      empty={t(isPast ? "nothingEnded" : isIgnored ? "nothingIgnored" : "calm")}
      card={(one) => (
        <button type="button" className="incidents-card" onClick={() => onPick(one)}>
          <span>
            <Grade grade={one.grade} /> <b>{words.kind(one.kind)}</b> {one.number}
          </span>
          <span>{words.cause(one)}</span>
          {!isPast && !isIgnored && <Limit due={one.due} />}
        </button>
      )}
    />
  );
}
