import { Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { ask } from "@/client";
import { dated, duration, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import { type PromiseRow, useClauseName } from "@/pages/promises/rows";
import { WaitingRequests } from "@/parts/buyer-requests";
import { Compensations } from "@/parts/compensations";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Named, namedText } from "@/parts/named";
import { Peek } from "@/parts/peek";
import { StatusTag } from "@/parts/status-tag";
import { useKeyset } from "@/parts/use-keyset";
import "./promise-gaps.css";

interface Said {
  event: string;
  occurred: string;
  recorded: string;
  source: string;
  err_ms: number;
  gap_ms: number;
  lag_ms: number;
  verdict: string;
}

interface Stretch {
  start: string;
  end: string;
  at: string;
  ms: number;
  holder: string;
  had_due: boolean;
}

interface Gap {
  promise: PromiseRow;
  physical: Said | null;
  systems: readonly Said[];
  way: readonly Stretch[];
  worst: number;
  at_due: number;
  ruling: string;
}

interface Page {
  items: readonly Gap[];
  next: string;
  looked: number;
}

const PAGE_ROWS = 25;

const FILTERS = ["channel", "warehouse", "carrier"] as const;
const STATES = ["late", "broken", "borderline", "kept", "excused"] as const;

/** 承诺差距: promise, due, the time it was done, the time that was heard, and who had the order. */
export default function PromiseGaps() {
  const { t } = useTranslation(["promise-gaps", "promises", "common"]);
  const [asked, setAsked] = useSearchParams();
  const nameOf = useClauseName();
  const state = asked.get("state") ?? "late";
  const peek = asked.get("peek") ?? "";
  const chosen = Object.fromEntries(
    FILTERS.flatMap((one) => (asked.get(one) ? [[one, asked.get(one) ?? ""]] : [])),
  );
  const list = useKeyset<Gap, Page>({
    queryKey: ["promise-gaps", state, chosen],
    fetch: (cursor, signal) =>
      ask<Page>(
        `/v1/promises/gaps?${new URLSearchParams({ state, limit: String(PAGE_ROWS), cursor, ...chosen })}`,
        { signal },
      ),
    limit: PAGE_ROWS,
  });
  const set = (name: string, value: string) =>
    setAsked((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });

  const columns = useMemo<Column<Gap>[]>(() => {
    const plain = (key: string, width: number, text: (gap: Gap) => string): Column<Gap> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const holder = (gap: Gap) => {
      const stretch = gap.way[gap.at_due] ?? gap.way[gap.worst];
      return stretch ? t(`holders.${stretch.holder}`, { defaultValue: stretch.holder }) : "—";
    };
    return [
      { ...plain("number", 190, (gap) => gap.promise.number), fixed: true },
      plain("promise", 150, (gap) => nameOf(gap.promise)),
      {
        ...plain("state", 130, (gap) => t(`common:states.${gap.promise.state}`)),
        least: 104,
        render: (gap) => <StatusTag state={gap.promise.state} />,
      },
      { ...plain("due", 130, (gap) => (gap.promise.due ? dated(gap.promise.due) : "—")), least: 116 },
      { ...plain("physical", 130, (gap) => (gap.physical ? dated(gap.physical.occurred) : "—")), least: 116 },
      { ...plain("system", 130, (gap) => (gap.systems[0] ? dated(gap.systems[0].occurred) : "—")), least: 116 },
      { ...plain("recorded", 130, (gap) => (gap.physical ? dated(gap.physical.recorded) : "—")), least: 116 },
      {
        ...plain("gap", 120, (gap) => gapWords(gap.physical?.gap_ms ?? gap.promise.gap_ms)),
        align: "right",
      },
      plain("holder", 110, holder),
      plain("segment", 190, (gap) => {
        const stretch = gap.way[gap.at_due] ?? gap.way[gap.worst];
        if (!stretch) return "—";
        const word = (name: string) => (name ? t(`events.${name}`, { defaultValue: name }) : t("now"));
        return `${word(stretch.start)} → ${word(stretch.end)}`;
      }),
      {
        ...plain("warehouse", 130, (gap) =>
          namedText(gap.promise.warehouse_name, gap.promise.warehouse),
        ),
        render: (gap) => <Named name={gap.promise.warehouse_name} code={gap.promise.warehouse} />,
      },
      plain("channel", 110, (gap) =>
        t(`common:channels.${gap.promise.channel}`, { defaultValue: gap.promise.channel }),
      ),
      plain("carrier", 110, (gap) => gap.promise.carrier || "—"),
    ];
  }, [t, nameOf]);

  const labelOf = (field: (typeof FILTERS)[number], value: string) => {
    if (field === "channel") return t(`common:channels.${value}`, { defaultValue: value });
    if (field === "carrier") return value;
    const row = list.rows.find((gap) => gap.promise.warehouse === value);
    return namedText(row?.promise.warehouse_name ?? "", value);
  };
  const held = list.rows.find((gap) => keyOf(gap) === peek);
  return (
    <>
      <PageHead fact={t("fact")} />
      <WaitingRequests />
      <div className="gaps-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={state}
          options={STATES.map((one) => ({ value: one, label: t(`common:states.${one}`) }))}
          onChange={(value) => set("state", value)}
        />
        {FILTERS.map((one) => (
          <Select
            key={one}
            allowClear
            aria-label={t(`columns.${one}`)}
            placeholder={t(`columns.${one}`)}
            value={asked.get(one) || null}
            options={seen(list.rows, one, asked.get(one)).map((value) => ({
              value,
              label: labelOf(one, value),
            }))}
            onChange={(value: string | null) => set(one, value ?? "")}
          />
        ))}
      </div>
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(gap) => `${gap.promise.number} ${nameOf(gap.promise)}`}
        hrefOf={(gap) => `/orders/${gap.promise.order}`}
        onPeek={(gap) => set("peek", gap ? keyOf(gap) : "")}
        peeked={peek}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        search={list.search}
        unit={t("promises:unit")}
        empty={t("empty", { state: t(`common:states.${state}`) })}
      />
      <Peek
        title={held ? `${held.promise.number} · ${nameOf(held.promise)}` : ""}
        isOpen={held !== undefined}
        onClose={() => set("peek", "")}
        to={held ? `/orders/${held.promise.order}` : undefined}
      >
        {held && <Way gap={held} />}
        {held && (held.promise.state === "late" || held.promise.state === "broken") && (
          <Compensations order={held.promise.order} nameOf={() => nameOf(held.promise)} />
        )}
      </Peek>
    </>
  );
}

/** What a filter may be set to: what the rows show, and what it is set to. */
function seen(rows: readonly Gap[], name: (typeof FILTERS)[number], now: string | null): string[] {
  const values = new Set(rows.map((gap) => gap.promise[name]).concat(now ?? ""));
  return [...values].filter(Boolean);
}

function keyOf(gap: Gap): string {
  return `${gap.promise.order} ${gap.promise.code}`;
}

function gapWords(gap_ms: number): string {
  return gap_ms > 0 ? `+${duration(gap_ms)}` : gap_ms < 0 ? `−${duration(-gap_ms)}` : "0";
}

/** Where the time went: each stretch, whose hands the order was in, and where the deadline fell. */
function Way({ gap }: { gap: Gap }) {
  const { t } = useTranslation(["promise-gaps", "common"]);
  const longest = Math.max(1, ...gap.way.map((stretch) => stretch.ms));
  return (
    <div className="way">
      <h2>{t("way")}</h2>
      <ol>
        {gap.way.map((stretch, at) => (
          <li key={`${stretch.at} ${stretch.start}`} data-worst={at === gap.worst}>
            <span>
              {t(`holders.${stretch.holder}`, { defaultValue: stretch.holder })}
              {stretch.had_due && <em>{t("hadDue")}</em>}
            </span>
            <b>{duration(stretch.ms)}</b>
            <i style={{ width: `${(stretch.ms / longest) * 100}%` }} aria-hidden />
            <small>{exact(stretch.at)}</small>
          </li>
        ))}
      </ol>
      <h2>{t("told")}</h2>
      {[...(gap.physical ? [gap.physical] : []), ...gap.systems].map((said) => (
        <dl key={`${said.event} ${said.source} ${said.occurred}`}>
          <dt>{t("source")}</dt>
          <dd>{said.source}</dd>
          <dt>{t("columns.physical")}</dt>
          <dd>
            {exact(said.occurred)}
            {said.err_ms > 0 && ` ±${said.err_ms} ms`}
          </dd>
          <dt>{t("columns.recorded")}</dt>
          <dd>
            {exact(said.recorded)} · {t("lag", { time: duration(said.lag_ms) })}
          </dd>
          <dt>{t("columns.gap")}</dt>
          <dd>{gapWords(said.gap_ms)}</dd>
        </dl>
      ))}
      {!gap.physical && <p className="note">{t("notDone")}</p>}
      {gap.ruling && (
        <p>
          {t("ruling")} {gap.ruling}
        </p>
      )}
    </div>
  );
}
