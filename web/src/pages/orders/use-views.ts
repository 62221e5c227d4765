import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { ChangedView, ViewTotals, NewView, SavedView, SavedViews } from "@/api/types.gen";
import { ask } from "@/client";
import { setColumnViews, useCount } from "@/frame/stores";
import { Problem } from "@/problem";
import { queries } from "@/queries";
import { query } from "@/parts/use-asked";

const VIEWS_KEY = ["views"] as const;
const COUNTS_MS = 10_000;

/** A view was changed by somebody else in between: theirs, and what was to be written. */
export interface Clash {
  now: SavedView;
  yours: ChangedView;
}

/** What a view is called; shipped views have the console's words. */
export function useViewName() {
  const { t } = useTranslation("orders");
  return useCallback(
    (view: Pick<SavedView, "name" | "shipped">) => view.name || t(`views.${view.shipped}`),
    [t],
  );
}

/** The views that the person sees, the one that is open, and how to open another. */
export function useViews() {
  const [params, setParams] = useSearchParams();
  const views = useQuery({
    queryKey: VIEWS_KEY,
    queryFn: ({ signal }) => ask<SavedViews>("/v1/views", { signal }),
  });
  const wanted = params.get("view") ?? views.data?.first;
  const view = useMemo(() => {
    const items = views.data?.items ?? [];
    return items.find((one) => one.id === wanted) ?? items.find((one) => one.shipped === wanted) ?? items[0];
  }, [views.data, wanted]);
  const open = useCallback((id: string) => setParams({ view: id }), [setParams]);
  return { views, view, open };
}

/** How many orders each view has; those of the person's own stand in the column, too. */
export function useViewCounts(views: readonly SavedView[]): ReadonlyMap<string, ViewTotals["items"][number]> {
  const name = useViewName();
  const counts = useQuery({
    queryKey: [...VIEWS_KEY, "counts"],
    queryFn: ({ signal }) => ask<ViewTotals>("/v1/views/counts", { signal }),
    refetchInterval: COUNTS_MS,
  });
  const byId = useMemo(
    () => new Map((counts.data?.items ?? []).map((one) => [one.id, one])),
    [counts.data],
  );
  useEffect(() => {
    const mine = views.filter((view) => view.mine && !view.shipped);
    setColumnViews(
      "orders",
      mine.map((view) => {
        const told = byId.get(view.id);
        return {
          id: view.id,
          name: name(view),
          to: `/orders?${query({ view: view.id })}`,
          ...(told ? { count: told.count } : {}),
        };
      }),
    );
  }, [views, byId, name]);
  const all = views.find((view) => view.shipped === "all");
  useCount("/orders", all && byId.get(all.id)?.count);
  return byId;
}

/** Keep, change and drop views; a clash is given back, not thrown. */
export function useViewActs() {
  const settle = () => queries.invalidateQueries({ queryKey: VIEWS_KEY });
  const create = useMutation({
    mutationFn: (json: NewView) => ask<SavedView>("/v1/views", { method: "POST", json }),
    onSuccess: settle,
  });
  const change = useMutation({
    mutationFn: async ({ id, json }: { id: string; json: ChangedView }): Promise<SavedView | Clash> => {
      try {
        return await ask<SavedView>(`/v1/views/${id}`, { method: "PUT", json });
      } catch (error) {
        if (error instanceof Problem && error.code === "view_changed") {
          return error.parameters as unknown as Clash;
        }
        throw error;
      }
    },
    onSuccess: settle,
  });
  const drop = useMutation({
    mutationFn: (id: string) => ask<unknown>(`/v1/views/${id}`, { method: "DELETE" }),
    onSuccess: settle,
  });
  return { create, change, drop };
}

/** Whether an answer is a clash. */
export const isClash = (told: SavedView | Clash): told is Clash => "yours" in told;
