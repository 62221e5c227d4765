import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import {
  getDecisionOptions,
  getOrderSheetOptions,
  getProofOptions,
  getTimelineOptions,
  listActionsOptions,
  listActsOptions,
  listOverridesOptions,
} from "@/api/@tanstack/react-query.gen";
import { langOf } from "./words";

/** A promise's share runs on while the page is open. */
const REFRESH_MS = 60_000;

/** What the page asks of the hub; each answer comes by itself. */
export function useOrder(id: string) {
  const lang = langOf(useTranslation().i18n.language);
  const path = { order_id: id };
  const sheet = useQuery({ ...getOrderSheetOptions({ path }), refetchInterval: REFRESH_MS });
  const timeline = useQuery(getTimelineOptions({ path, query: { lang } }));
  const actions = useQuery(listActionsOptions({ path, query: { lang } }));
  const decision = useQuery(getDecisionOptions({ path }));
  const proof = useQuery(getProofOptions({ path }));
  const doables = useQuery(listActsOptions({ path }));
  const overrides = useQuery(listOverridesOptions({ path }));
  return { sheet, timeline, actions, decision, proof, doables, overrides };
}

export type OrderQueries = ReturnType<typeof useOrder>;

const OPERATIONS = new Set([
  "getOrderSheet",
  "getTimeline",
  "listActions",
  "getDecision",
  "getProof",
  "listActs",
  "listOverrides",
  "getPaidReview",
]);

/** Ask again for all that the page shows of an order. */
export function useRefresh(id: string): () => Promise<void> {
  const client = useQueryClient();
  return () =>
    client.invalidateQueries({
      predicate: ({ queryKey: [key] }) => {
        const asked = key as { _id?: string; path?: { order_id?: string } } | undefined;
        return OPERATIONS.has(asked?._id ?? "") && asked?.path?.order_id === id;
      },
    });
}

/** After a fact its leaf and its seal follow; then the page is asked once more. */
const SEALED_MS = 1_500;

/**
 * Follow the order's own stream while the page is seen: a new fact renews what is shown. A hidden
 * page holds no connection.
 */
export function useOrderStream(id: string, seq: number | undefined, refresh: () => Promise<void>) {
  const known = useRef(seq ?? 0);
  const renew = useRef(refresh);
  useEffect(() => {
    renew.current = refresh;
    known.current = Math.max(known.current, seq ?? 0);
  });
  const isReady = seq !== undefined;
  useEffect(() => {
    if (!isReady || typeof EventSource === "undefined") return undefined;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = (event: MessageEvent) => {
      const at = Number(event.lastEventId);
      if (!(at > known.current)) return;
      known.current = at;
      clearTimeout(timer);
      void renew.current();
      timer = setTimeout(() => void renew.current(), SEALED_MS);
    };
    const open = () => {
      source = new EventSource(`/v1/orders/${id}/stream?typed=false&since=${known.current}`);
      source.addEventListener("fact", hear);
    };
    const turn = () => {
      source?.close();
      source = undefined;
      if (document.hidden) return;
      void renew.current();
      open();
    };
    if (!document.hidden) open();
    document.addEventListener("visibilitychange", turn);
    return () => {
      document.removeEventListener("visibilitychange", turn);
      clearTimeout(timer);
      source?.close();
    };
  }, [id, isReady]);
}
