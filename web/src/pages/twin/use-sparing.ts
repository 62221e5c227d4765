import { useCallback, useEffect, useRef } from "react";

/** Do it at once, then at most every `rest_ms`; the last call of a burst is not lost. */
export function useSparing(act: () => void, rest_ms: number): () => void {
  const latest = useRef(act);
  const last = useRef(0);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) return;
    const wait = Math.max(0, last.current + rest_ms - Date.now());
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      last.current = Date.now();
      latest.current();
    }, wait);
  }, [rest_ms]);
}
