import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type Filter, readFilters, writeFilters } from "./filters";

/** The filters of this page, as its address says them; each change is a step in the history. */
export function useFilters(name = "f"): [readonly Filter[], (next: readonly Filter[]) => void] {
  const [params, setParams] = useSearchParams();
  const text = params.get(name);
  const filters = useMemo(() => readFilters(text), [text]);
  const set = useCallback(
    (next: readonly Filter[]) => {
      setParams((old) => {
        const params = new URLSearchParams(old);
        const written = writeFilters(next);
        if (written) params.set(name, written);
        else params.delete(name);
        return params;
      });
    },
    [setParams, name],
  );
  return [filters, set];
}
