import { useQuery } from "@tanstack/react-query";
import type { FilterWords as Words } from "@/api/types.gen";
import { ask } from "@/client";

const FRESH_MS = 60_000;

/** What filters and acts can be given: channels, warehouses, tags, colleagues. */
export function useWords() {
  return useQuery({
    queryKey: ["workbench", "words"],
    queryFn: ({ signal }) => ask<Words>("/v1/workbench/words", { signal }),
    staleTime: FRESH_MS,
  });
}
