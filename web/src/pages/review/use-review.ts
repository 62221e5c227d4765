import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type {
  Claim,
  PortsModalityDraft as Draft,
  Review,
  ReviewAsk,
  ReviewDecided,
  ReviewQueue,
  ReviewReject,
  Sandbox,
  ReviewWaiting,
} from "@/api/types.gen";
import { ask } from "@/client";
import { query } from "@/parts/use-asked";
import { asProblem, type Problem } from "@/problem";

export const REVIEW_KEY = ["reviews"] as const;
const LOOK_MS = 15_000;
const PROLONG_MS = 120_000;

/** The queue of a modality, "" = of all: what is shown stays, what came since waits in a pill. */
export function useQueue(modality: string) {
  const found = useQuery({
    queryKey: [...REVIEW_KEY, "queue", modality],
    queryFn: ({ signal }) => ask<ReviewQueue>(`/v1/reviews?${query({ modality })}`, { signal }),
    refetchInterval: LOOK_MS,
  });
  const [seen, show] = useState<{ modality: string; ids: ReadonlySet<string> } | null>(null);
  const latest = useMemo(() => found.data?.items ?? [], [found.data]);
  if (found.data && (seen === null || seen.modality !== modality)) {
    show({ modality, ids: new Set(latest.map((item) => item.id)) });
  }
  const items = useMemo(
    () => (seen ? latest.filter((item) => seen.ids.has(item.id)) : latest),
    [latest, seen],
  );
  const load = () => show({ modality, ids: new Set(latest.map((item) => item.id)) });
  // Nothing jumps where nothing is shown: an empty queue takes what comes.
  if (items.length === 0 && latest.length > 0 && seen) load();
  return {
    items,
    news: latest.length - items.length,
    load,
    counts: found.data?.counts ?? [],
    pace: found.data?.pace,
    isLoading: found.isLoading,
    problem: found.error ? asProblem(found.error) : null,
    refetch: found.refetch,
  };
}

/** One original as it is reviewed. */
export function useReview(id: string) {
  return useQuery({
    queryKey: [...REVIEW_KEY, "one", id],
    queryFn: ({ signal }) => ask<Review>(`/v1/reviews/${id}`, { signal }),
    enabled: id !== "",
    // Whoever waits for another's review learns when it is given back.
    refetchInterval: ({ state }) => (state.data?.holder && !state.data.mine ? LOOK_MS : false),
  });
}

/** The counters and what is demanded. */
export function useSandbox() {
  return useQuery({
    queryKey: [...REVIEW_KEY, "sandbox"],
    queryFn: ({ signal }) => ask<Sandbox>("/v1/sandbox", { signal }),
  });
}

/** Take an original while it is looked at, and give it back; the problem when another has it. */
export function useClaim(id: string, mayDecide: boolean): Problem | null {
  const [refused, refuse] = useState<{ id: string; problem: Problem } | null>(null);
  useEffect(() => {
    if (!id || !mayDecide) return undefined;
    let isOver = false;
    const take = () =>
      void ask<Claim>(`/v1/reviews/${id}/claim`, { method: "POST" }).then(
        () => !isOver && refuse(null),
        (error: unknown) => !isOver && refuse({ id, problem: asProblem(error) }),
      );
    take();
    const timer = setInterval(take, PROLONG_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
      void ask(`/v1/reviews/${id}/release`, { method: "POST", keepalive: true }).catch(() => undefined);
    };
  }, [id, mayDecide]);
  return refused?.id === id ? refused.problem : null;
}

export type Decision =
  | { act: "confirm"; draft: Draft }
  | { act: "reject"; told: ReviewReject }
  | { act: "ask"; told: ReviewAsk };

/** Decide on an original; then it is in the queue no more. */
export function useDecide(
  review: Review | undefined,
  onDone: (done: ReviewDecided, decision: Decision) => void,
  onFailed: (error: unknown) => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (decision: Decision) =>
      ask<ReviewDecided>(`/v1/reviews/${review?.id}/${decision.act}`, {
        method: "POST",
        json: decision.act === "confirm" ? { draft: decision.draft } : decision.told,
      }),
    onSuccess: async (done, decision) => {
      queries.setQueriesData<ReviewQueue>({ queryKey: [...REVIEW_KEY, "queue"] }, (old) =>
        old && { ...old, items: old.items.filter((item: ReviewWaiting) => item.id !== done.id) },
      );
      onDone(done, decision);
      await queries.invalidateQueries({ queryKey: REVIEW_KEY });
    },
    onError: onFailed,
  });
}
