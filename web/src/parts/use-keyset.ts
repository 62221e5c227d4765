import { hashKey, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { asProblem, type Problem } from "@/problem";
import { progressOf } from "./search";

/** A page of a list of the hub; `next` is "" at the end. */
export interface KeysetPage<Row> {
  items: readonly Row[];
  next: string;
  /** Of lists whose pages may end early: how many rows were looked at. */
  looked?: number;
}

/** A page that is not full yet: the list looks on by itself, until it is told to stop. */
export interface Search {
  looked: number;
  isOn: boolean;
  onStop: () => void;
  onGo: () => void;
}

export interface Keyset<Row> {
  rows: readonly Row[];
  hasMore: boolean;
  onMore: () => void;
  isLoading: boolean;
  /** An answer to a changed question is on its way; the old rows still stand. */
  isWaiting: boolean;
  problem: Problem | null;
  onRetry: () => void;
  /** Null while pages come back full. */
  search: Search | null;
}

interface Options<Row, Page extends KeysetPage<Row>> {
  /** Names the question: change it and the list starts anew. */
  queryKey: QueryKey;
  /** Ask for the page at a cursor; "" is the first. */
  fetch: (cursor: string, signal: AbortSignal) => Promise<Page>;
  enabled?: boolean;
  /** Rows of a full page, for lists whose pages may end early. */
  limit?: number;
}

/** Short pages in a row after which the search waits for the person. */
const TRIES = 100;

/** A keyset list, page by page; its result fits LedgerTable's props. */
export function useKeyset<Row, Page extends KeysetPage<Row> = KeysetPage<Row>>(
  options: Options<Row, Page>,
): Keyset<Row> & { first: Page | undefined } {
  const query = useInfiniteQuery({
    queryKey: options.queryKey,
    queryFn: ({ pageParam, signal }) => options.fetch(pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next || undefined,
    enabled: options.enabled ?? true,
    placeholderData: (old) => old,
  });
  const { data, fetchNextPage, refetch, hasNextPage, isFetchingNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => [...page.items]) ?? [], [data]);
  const search = useSearch(options, query);
  const isSearching = search !== null;
  const onMore = useCallback(() => {
    if (!isFetchingNextPage && !isSearching) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage, isSearching]);
  const onRetry = useCallback(() => void refetch(), [refetch]);
  return {
    rows,
    hasMore: hasNextPage,
    onMore,
    isLoading: query.isLoading,
    isWaiting: query.isFetching && !query.isLoading && !isFetchingNextPage,
    problem: query.error ? asProblem(query.error) : null,
    onRetry,
    search,
    first: data?.pages[0],
  };
}

type Paged = Pick<
  ReturnType<typeof useInfiniteQuery>,
  "isFetching" | "hasNextPage" | "isPlaceholderData"
> & {
  data: { pages: readonly KeysetPage<unknown>[] } | undefined;
  error: unknown;
  fetchNextPage: () => unknown;
};

/** Go on by itself while the last page is not full; bounded, and stopped by the person. */
function useSearch(
  { queryKey, limit }: { queryKey: QueryKey; limit?: number },
  { data, error, isFetching, hasNextPage, isPlaceholderData, fetchNextPage }: Paged,
): Search | null {
  const key = hashKey(queryKey);
  const [said, say] = useState({ key, tries: TRIES, isStopped: false });
  const told = said.key === key ? said : { key, tries: TRIES, isStopped: false };
  const { tries, looked } = useMemo(
    () => (limit && data ? progressOf(data.pages, limit) : { tries: 0, looked: 0 }),
    [data, limit],
  );
  const isShort = hasNextPage && !isPlaceholderData && tries > 0;
  const isOn = isShort && !told.isStopped && tries < told.tries && !error;
  useEffect(() => {
    if (isOn && !isFetching) void fetchNextPage();
  }, [isOn, isFetching, fetchNextPage, tries]);
  const onStop = useCallback(() => say({ key, tries: TRIES, isStopped: true }), [key]);
  const onGo = useCallback(
    () => say({ key, tries: tries + TRIES, isStopped: false }),
    [key, tries],
  );
  return useMemo(
    () => (isShort ? { looked, isOn, onStop, onGo } : null),
    [isShort, looked, isOn, onStop, onGo],
  );
}
