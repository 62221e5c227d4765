import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type {
  EventTypeItem,
  EventTypeList,
  Subscriptions,
  SubscriptionView,
} from "@/api/types.gen";
import { ask } from "@/client";

export const SUBSCRIPTIONS = "/v1/subscriptions";
export const LETTERS = "/v1/dead-letters";
const TYPES = "/v1/event-types";
const REFRESH_MS = 5_000;

/** How bad it is: what fails stands first, then what waits, then what rests. */
export function rank(one: SubscriptionView): number {
  if (one.state === "broken") return 0;
  if (one.why === "gone") return 1;
  if (one.trouble || one.parked > 0) return 2;
  if (one.dead > 0) return 3;
  return one.state === "paused" ? 5 : 4;
}

/** The merchant's subscriptions, the failing ones first. */
export function useSubscriptions() {
  const list = useQuery({
    queryKey: [SUBSCRIPTIONS],
    queryFn: ({ signal }) => ask<Subscriptions>(SUBSCRIPTIONS, { signal }),
    refetchInterval: REFRESH_MS,
  });
  const items = useMemo(
    () => [...(list.data?.items ?? [])].sort((a, b) => rank(a) - rank(b)),
    [list.data],
  );
  return { list, items };
}

/** The published types, and how they are called in the person's language. */
export function useEventTypes() {
  const { i18n } = useTranslation();
  const list = useQuery({
    queryKey: [TYPES],
    queryFn: ({ signal }) => ask<EventTypeList>(TYPES, { signal }),
    staleTime: Infinity,
  });
  return useMemo(() => {
    const items = (list.data?.items ?? []).filter((one) => one.direction === "out");
    const title = (one: EventTypeItem) => (i18n.language === "en" ? one.title_en : one.title);
    const names = new Map(items.map((one) => [one.name, title(one)]));
    return { items, title, nameOf: (type: string) => names.get(type) ?? type };
  }, [list.data, i18n.language]);
}

const ANSWERS = /^the receiver answers (\d+)$/;
const WHYS: readonly (readonly [RegExp, string])[] = [
  [/takes no connection$/, "noConnection"],
  [/answers with too much$/, "tooMuch"],
  [/TimeoutError$/, "timeout"],
  [/does not answer/, "broken"],
  [/is not a public address$/, "notPublic"],
  [/^program: /, "program"],
];

/** What went wrong, in the person's words. */
export function useWhy(): (trouble: string) => string {
  const { t } = useTranslation("events");
  return useMemo(
    () => (trouble) => {
      const status = ANSWERS.exec(trouble)?.[1];
      if (status) return t("why.answers", { status });
      const known = WHYS.find(([form]) => form.test(trouble));
      return known ? t(`why.${known[1]}`) : trouble;
    },
    [t],
  );
}

/** A filter of one line, as the form knows it. */
export interface Line {
  dialect: "exact" | "prefix" | "suffix";
  path: string;
  text: string;
  not: boolean;
}

/** Lines as filters of the CloudEvents Subscriptions API. */
export function writeFilters(lines: readonly Line[]): unknown[] {
  return lines.map(({ dialect, path, text, not }) => {
    const plain = { [dialect]: { [path.trim()]: text } };
    return not ? { not: plain } : plain;
  });
}

/** Filters as lines; null where one of them is more than a line can say. */
export function readFilters(filters: readonly unknown[]): Line[] | null {
  const lines: Line[] = [];
  for (const filter of filters) {
    const outer = filter as Record<string, unknown>;
    const not = "not" in outer;
    const inner = (not ? outer["not"] : outer) as Record<string, Record<string, string>>;
    const [dialect, pairs] = Object.entries(inner)[0] ?? [];
    if (dialect !== "exact" && dialect !== "prefix" && dialect !== "suffix") return null;
    const entries = Object.entries(pairs ?? {});
    const only = entries[0];
    if (!only || entries.length !== 1) return null;
    lines.push({ dialect, path: only[0], text: only[1], not });
  }
  return lines;
}
