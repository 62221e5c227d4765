import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { NegotiationItem, NegotiationPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { Countdown } from "./clock";
import { OpenCall } from "./open-call";
import { Parties } from "./parties";
import { isOver, NEGOTIATIONS_KEY, toneOf, useWords } from "./words";
import "./negotiations.css";

const LOOK_MS = 1_000;
const IDLE_MS = 5_000; // calls are opened elsewhere too
const keyOf = (n: NegotiationItem) => n.id;
const hrefOf = (n: NegotiationItem) => `/negotiations/${n.id}`;

/** 双向协商: calls that are open and when the default stands, those that are over, who is asked. */
export default function Negotiations() {
  const { t } = useTranslation("negotiations");
  const words = useWords();
  const mayOpen = useMay("order.negotiate");
  const [which, setWhich] = useState<"open" | "all">("all");
  const list = useKeyset<NegotiationItem, NegotiationPage>({
    queryKey: [...NEGOTIATIONS_KEY, "list", which],
    fetch: (cursor, signal) =>
      ask(
        `/v1/negotiations?${query({ cursor, limit: 50, state: which === "open" ? "open" : "" })}`,
        { signal },
      ),
  });
  const isBusy = list.rows.some((n) => !isOver(n));
  useQuery({
    queryKey: [...NEGOTIATIONS_KEY, "look", isBusy],
    queryFn: () => {
      list.onRetry();
      return Date.now();
    },
    refetchInterval: isBusy ? LOOK_MS : IDLE_MS,
  });
  const columns = useColumns();
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          <Segmented
            aria-label={t("which")}
            value={which}
            onChange={setWhich}
            options={[
              { value: "all", label: t("all") },
              { value: "open", label: t("open") },
            ]}
          />
        }
      />
      <div className="negotiations">
        <LedgerTable<NegotiationItem>
          caption={t("caption")}
          columns={columns}
          rows={list.rows}
          keyOf={keyOf}
          nameOf={(n) => n.number}
          hrefOf={hrefOf}
          hasMore={list.hasMore}
          onMore={list.onMore}
          isLoading={list.isLoading}
          isWaiting={list.isWaiting}
          problem={list.problem}
          onRetry={list.onRetry}
          empty={t(which === "open" ? "emptyOpen" : "empty")}
          card={(n) => (
            <Link to={hrefOf(n)} className="negotiations-card">
              <b>{n.number}</b>
              <ToneTag tone={toneOf(n)}>{words.state(n)}</ToneTag>
              <span>{words.outcome(n)}</span>
              {isOver(n) ? (
                <time className="muted">{brief(n.opened)}</time>
              ) : (
                <Countdown at={n.defaults} word="defaults" />
              )}
            </Link>
          )}
        />
        {mayOpen && <OpenCall />}
        <Parties />
      </div>
    </>
  );
}

function useColumns(): Column<NegotiationItem>[] {
  const { t } = useTranslation("negotiations");
  const words = useWords();
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (n: NegotiationItem) => string,
    ): Column<NegotiationItem> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      {
        ...plain("number", 200, (n) => n.number),
        fixed: true,
        render: (n) => (
          <Link to={hrefOf(n)} tabIndex={-1}>
            {n.number}
          </Link>
        ),
      },
      {
        ...plain("state", 110, words.state),
        render: (n) => <ToneTag tone={toneOf(n)}>{words.state(n)}</ToneTag>,
      },
      {
        ...plain("defaults", 170, (n) => exact(n.defaults)),
        render: (n) =>
          isOver(n) ? (
            <time title={exact(n.defaults)}>{t("over")}</time>
          ) : (
            <Countdown at={n.defaults} word="defaults" />
          ),
      },
      plain("outcome", 180, words.outcome),
      { ...plain("offers", 100, (n) => `${count(n.proposals)} / ${count(n.parties.length)}`), align: "right" },
      plain("goods", 90, (n) => t(n.cold ? "cold" : "ambient")),
      {
        ...plain("opened", 120, (n) => exact(n.opened)),
        render: (n) => <time title={exact(n.opened)}>{brief(n.opened)}</time>,
      },
    ];
  }, [t, words]);
}
