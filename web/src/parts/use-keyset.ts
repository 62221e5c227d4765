import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { asProblem, type Problem } from "@/problem";

/** A page of a list of the hub; `next` is "" at the end. */
export interface KeysetPage<Row> {
  items: readonly Row[];
  next: string;
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
}

interface Options<Row, Page extends KeysetPage<Row>> {
  /** Names the question: change it and the list starts anew. */
  queryKey: QueryKey;
  /** Ask for the page at a cursor; "" is the first. */
  fetch: (cursor: string, signal: AbortSignal) => Promise<Page>;
  enabled?: boolean;
}

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
  const onMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);
  const onRetry = useCallback(() => void refetch(), [refetch]);
  return {
    rows,
    hasMore: hasNextPage,
    onMore,
    isLoading: query.isLoading,
    isWaiting: query.isFetching && !query.isLoading && !isFetchingNextPage,
    problem: query.error ? asProblem(query.error) : null,
    onRetry,
    first: data?.pages[0],
  };
}
