import { useQuery } from "@tanstack/react-query";
import type { Figures, ReviewQueue } from "@/api/types.gen";
import { ask } from "@/client";
import { useBadge, useCount } from "@/frame/stores";
import { useLive } from "@/live/use-live";
import { useMay } from "@/session";
import { useState } from "react";

const LOOK_MS = 60_000;
const LATE_MS = 5 * 60_000;

/** Orders and originals that wait for a person and red findings, red on the rail wherever one is. */
export function useExceptionsBadge(): void {
  const [waiting, wait] = useState<number>();
  const [found, find] = useState<{ open: number; red: number }>();
  useLive<{ figures: Figures }>("figures", ({ figures }) => wait(figures.exceptions.orders));
  useLive<{ open: number; red: number }>("findings", find);
  const reviews = useWaitingReviews();
  const isKnown = waiting !== undefined || found !== undefined || reviews !== undefined;
  useBadge("orders", isKnown ? (waiting ?? 0) + (found?.red ?? 0) + (reviews ?? 0) : undefined);
  useCount("/incidents", found?.open, (found?.red ?? 0) > 0);
}

/** How many originals wait for a review, looked at once a minute by whoever may see them. */
function useWaitingReviews(): number | undefined {
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ["reviews", "badge"],
    queryFn: ({ signal }) => ask<ReviewQueue>("/v1/reviews?limit=1", { signal }),
    enabled: useMay("review.read"),
    refetchInterval: LOOK_MS,
  });
  const total = data?.counts.reduce((sum, one) => sum + one.count, 0);
  const oldest = data?.counts.map((one) => one.oldest).filter(Boolean).sort()[0];
  const isLate = oldest !== undefined && dataUpdatedAt - new Date(oldest).getTime() > LATE_MS;
  useCount("/review", total, isLate);
  return total;
}
