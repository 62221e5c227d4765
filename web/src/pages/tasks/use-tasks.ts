import { useQueries, useQuery } from "@tanstack/react-query";
import {
  countWorkbenchOptions,
  listFloorTasksOptions,
  listInboxOptions,
  listPeopleOptions,
  listReviewsOptions,
  listWorkbenchOptions,
} from "@/api/@tanstack/react-query.gen";
import type { FloorItem, InboxItem, PersonItem, ReviewWaiting, WorkbenchRow } from "@/api/types.gen";
import { useMay } from "@/session";

/** How many of a group are shown; the rest is one link away. */
export const SHOWN = 6;
const OPEN = "state.nin.completed,cancelled,delivered";

/** What a person may have to look at, as questions to the workbench. */
const QUESTIONS = [
  { key: "mine", f: `assignee.in.me;${OPEN}` },
  { key: "broken", f: `promise.in.broken;${OPEN}` },
  { key: "held", f: "state.in.held;assignee.in.none" },
  { key: "judge", f: `promise.in.borderline;${OPEN}` },
] as const;

export interface OrderGroup {
  key: (typeof QUESTIONS)[number]["key"];
  rows: WorkbenchRow[];
  count: number;
  isExact: boolean;
  to: string;
}

export interface Tasks {
  orders: OrderGroup[];
  inbox: { items: InboxItem[]; hasMore: boolean };
  reviews: { items: FloorItem[]; count: number };
  originals: { items: ReviewWaiting[]; count: number };
  invited: PersonItem[];
  isLoading: boolean;
  error: unknown;
  refetch: () => void;
}

/** Everything that waits, each part only when the person may see it. */
export function useTasks(): Tasks {
  const [mayOrders, mayInbox, mayReview, mayOriginals, mayPeople] = [
    useMay("order.read"),
    useMay("inbox.read"),
    useMay("floor.review"),
    useMay("review.decide"),
    useMay("person.read"),
  ];
  const lists = useQueries({
    queries: QUESTIONS.map(({ f }) => ({
      ...listWorkbenchOptions({ query: { f, sort: "due", limit: SHOWN } }),
      enabled: mayOrders,
    })),
  });
  const counts = useQueries({
    queries: QUESTIONS.map(({ f }) => ({
      ...countWorkbenchOptions({ query: { f } }),
      enabled: mayOrders,
    })),
  });
  const inbox = useQuery({
    ...listInboxOptions({ query: { state: "open", limit: SHOWN } }),
    enabled: mayInbox,
  });
  const floor = useQuery({
    ...listFloorTasksOptions({ query: { kind: "review", limit: SHOWN } }),
    enabled: mayReview,
  });
  const waiting = useQuery({
    ...listReviewsOptions({ query: { limit: SHOWN } }),
    enabled: mayOriginals,
  });
  const people = useQuery({
    ...listPeopleOptions({ query: { state: "invited", limit: SHOWN } }),
    enabled: mayPeople,
  });
  const all = [...lists, ...counts, inbox, floor, waiting, people];
  const review = floor.data?.groups.find((group) => group.kind === "review");
  return {
    orders: QUESTIONS.map(({ key, f }, at) => ({
      key,
      rows: lists[at]?.data?.items ?? [],
      count: counts[at]?.data?.count ?? 0,
      isExact: counts[at]?.data?.exact ?? true,
      to: `/orders?f=${encodeURIComponent(f)}&s=due`,
    })),
    inbox: { items: inbox.data?.items ?? [], hasMore: Boolean(inbox.data?.next) },
    reviews: { items: review?.items ?? [], count: review?.count ?? 0 },
    originals: {
      items: waiting.data?.items ?? [],
      count: waiting.data?.counts.reduce((sum, one) => sum + one.count, 0) ?? 0,
    },
    invited: people.data?.items ?? [],
    isLoading: all.some((one) => one.isLoading),
    error: all.find((one) => one.error)?.error ?? null,
    refetch: () => all.forEach((one) => void one.refetch()),
  };
}
