import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { FilterWords } from "@/api/types.gen";
import { ask } from "@/client";
import { calledBy } from "@/pages/orders/model";

const FRESH_MS = 60_000;

/** The name of a person by id, as colleagues call them; what is not known stays what it is. */
export function usePeople(): (id: string) => string {
  const { data } = useQuery({
    queryKey: ["workbench", "words"],
    queryFn: ({ signal }) => ask<FilterWords>("/v1/workbench/words", { signal }),
    staleTime: FRESH_MS,
  });
  return useCallback(
    (id: string) => {
      const found = data?.people.find((one) => one.person === id);
      return found ? calledBy(found) : id;
    },
    [data],
  );
}
