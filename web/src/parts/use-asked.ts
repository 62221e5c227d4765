import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** What the page's address asks for, by name; "" where nothing is asked. */
export function useAsked(): {
  asked: (name: string) => string;
  ask: (changes: Readonly<Record<string, string>>, isStep?: boolean) => void;
} {
  const [params, setParams] = useSearchParams();
  const asked = useCallback((name: string) => params.get(name) ?? "", [params]);
  const ask = useCallback(
    (changes: Readonly<Record<string, string>>, isStep = false) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: !isStep },
      ),
    [setParams],
  );
  return { asked, ask };
}

/** Write a question for the hub; empty values are left out. */
export function query(values: Readonly<Record<string, string | number>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== "") params.set(name, String(value));
  }
  return params.toString();
}
