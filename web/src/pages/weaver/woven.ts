import { useQuery } from "@tanstack/react-query";
import { createContext, use, useEffect, useState } from "react";
import { previewWoven } from "@/api/sdk.gen";
import type {
  Woven,
  WovenAuth,
  WovenField,
  WovenLeaf,
  WovenPart,
  WovenPreview,
  WovenReading,
  WovenRule,
} from "@/api/types.gen";

export type Leaf = Required<WovenLeaf>;
export type Field = Required<Omit<WovenField, "of">> & { of: readonly Leaf[] };
export type Rule = Required<WovenRule>;
export type Auth = Required<WovenAuth>;

/** A woven capability with every member: the hub leaves none out. */
export type Whole = Required<Omit<Woven, "question" | "answer" | "rules" | "auth" | "parts" | "readings">> & {
  question: readonly Field[];
  answer: readonly Field[];
  rules: readonly Rule[];
  auth: Auth;
  parts: readonly WovenPart[];
  readings: readonly WovenReading[];
};

/** Read what the hub gave: its answers hold every member. */
export function whole(woven: Woven): Whole {
  return woven as Whole;
}

/** Give what the hub takes. */
export function plain(woven: Whole): Woven {
  return woven as unknown as Woven;
}

export const NO_FIELD: Field = {
  name: "",
  type: "text",
  required: true,
  zh: "",
  en: "",
  expression: "",
  of: [],
};

export const NO_LEAF: Leaf = { name: "", type: "text", required: true, zh: "", en: "", expression: "" };

const WAIT_MS = 400;

export interface Preview {
  shown: WovenPreview | undefined;
  error: Error | null;
  /** Something was typed since what is shown. */
  isBehind: boolean;
}

/** What the hub says of the capability on the form, a moment after the last key. */
export function usePreview(woven: Whole): Preview {
  const now = JSON.stringify(woven);
  const [asked, setAsked] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), WAIT_MS);
    return () => clearTimeout(timer);
  }, [now]);
  const read = useQuery({
    queryKey: ["wovenPreview", asked],
    queryFn: async ({ signal }) =>
      (await previewWoven({ body: { woven: JSON.parse(asked) }, signal })).data,
    placeholderData: (before) => before,
    staleTime: 30_000,
    retry: false,
  });
  return {
    shown: read.data,
    error: read.error,
    isBehind: asked !== now || read.isPlaceholderData,
  };
}

/** What is said about the places of the form. */
export const Said = createContext<WovenPreview | undefined>(undefined);

export interface SaidHere {
  /** Code of a finding, or "" for what an expression says of itself. */
  code: string;
  severity: "error" | "warning";
  detail: string;
}

/** What stands in the way at a JSON pointer. */
export function useSaid(at: string): readonly SaidHere[] {
  const shown = use(Said);
  if (!shown) return [];
  const found = shown.findings
    .filter((one) => one.pointer === at)
    .map((one) => ({ code: one.code, severity: one.severity, detail: one.detail ?? "" }));
  const faults = shown.faults
    .filter((one) => one.pointer === at)
    .map((one) => ({ code: "", severity: "error" as const, detail: one.detail }));
  return found.length > 0 ? found : faults;
}

/** What the expression at a JSON pointer became with the samples, "" where it has no value. */
export function useValue(at: string): string {
  const values = use(Said)?.values ?? {};
  const one = values[at] ?? values[`${at}#`];
  return one === undefined || one === "null" ? "" : one;
}

/** Replace a row, or (undefined) take it out. */
export function put<T>(rows: readonly T[], at: number, row: T | undefined): readonly T[] {
  return row === undefined
    ? rows.filter((_, number) => number !== at)
    : rows.map((old, number) => (number === at ? row : old));
}
