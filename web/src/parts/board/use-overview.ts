import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { getOverviewOptions } from "@/api/@tanstack/react-query.gen";
import type { Figures, Overview } from "@/api/types.gen";
import { useLive } from "@/live/use-live";

export interface Asked {
  channel?: string;
  warehouse?: string;
  range?: "today" | "7d";
}

/** Charts and tables are asked for anew at most this often; the five figures come each second. */
const WHOLE_MS = 5_000;

/** The overview, kept up by the live stream: figures as they come, the rest every few seconds. */
export function useOverview(asked: Asked) {
  const queries = useQueryClient();
  const options = getOverviewOptions({ query: asked });
  const wholeAt = useRef(0);
  const result = useQuery({ ...options, placeholderData: keepPreviousData });
  const isPlain = !asked.channel && !asked.warehouse && asked.range !== "7d";
  useLive<{ as_of: string; figures: Figures }>("figures", (news) => {
    if (isPlain) {
      queries.setQueryData<Overview>(options.queryKey, (old) => old && { ...old, ...news });
    }
    const now = Date.now();
    if (now - wholeAt.current < WHOLE_MS) return;
    wholeAt.current = now;
    void result.refetch();
  });
  return result;
}
