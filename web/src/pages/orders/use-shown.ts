import { useCallback, useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { SavedView } from "@/api/types.gen";
import type { Column, Layout } from "@/parts/ledger-columns";
import { useSession } from "@/session";
import { type Density, useLook } from "@/theme/look";
import { columnsOf, isAlike, layoutOf, plain } from "./layout";
import type { Row, Shown } from "./model";

/** What was changed of a view and not kept: it is still there when the person comes back. */
interface Draft {
  /** The view that the changes were made to: a colleague may have changed it since. */
  base: SavedView;
  layout: Layout;
  density: SavedView["density"];
}

const drafts = new Map<string, Draft>();

const draftOf = (base: SavedView): Draft => ({
  base,
  layout: layoutOf(base.columns),
  density: base.density,
});

/** What the page shows of a view: as it is kept, or as the address and the person changed it. */
export function useShown(latest: SavedView, columns: readonly Column<Row>[]) {
  const [params, setParams] = useSearchParams();
  const [draft, keep] = useState<Draft>(() => drafts.get(latest.id) ?? draftOf(latest));
  useEffect(() => {
    drafts.set(latest.id, draft);
  }, [latest.id, draft]);
  const view = draft.base;
  const f = params.get("f") ?? view.f;
  const sort = (params.get("s") ?? view.sort) as SavedView["sort"];
  const density = useDensity(draft.density);
  const { layout } = draft;

  const kept: Shown = useMemo(
    () => ({ f: plain(f), sort, columns: columnsOf(columns, layout), density: draft.density }),
    [f, sort, columns, layout, draft.density],
  );
  const before = useMemo(() => columnsOf(columns, layoutOf(view.columns)), [columns, view.columns]);
  const isChanged =
    kept.f !== plain(view.f) ||
    sort !== view.sort ||
    draft.density !== view.density ||
    !isAlike(kept.columns, before);
  // Unchanged, the page follows what colleagues make of the view; changed, saving meets theirs.
  if (view !== latest && !isChanged) keep(draftOf(latest));

  /** Change the address; a filter or sort that is the view's own is not named there. */
  const ask = useCallback(
    (changes: { f?: string; s?: string }) =>
      setParams((old) => {
        const next = new URLSearchParams(old);
        next.set("view", view.id);
        const own = { f: plain(view.f), s: view.sort };
        for (const [name, value] of Object.entries(changes)) {
          if (value === own[name as "f" | "s"]) next.delete(name);
          else next.set(name, value);
        }
        return next;
      }),
    [setParams, view],
  );
  const setPeek = useCallback(
    (order: string) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          if (order) next.set("peek", order);
          else next.delete("peek");
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  /** Show a view as it is kept: after saving, and when changes are given up. */
  const settle = useCallback(
    (kept: SavedView) => {
      keep(draftOf(kept));
      setParams({ view: kept.id });
    },
    [setParams],
  );
  /** A new name or new readers change nothing of what is shown. */
  const rebase = useCallback((base: SavedView) => keep((old) => ({ ...old, base })), []);
  const revert = useCallback(() => settle(latest), [settle, latest]);
  const setLayout = useCallback((next: Layout) => keep((old) => ({ ...old, layout: next })), []);
  const setDensity = useCallback(
    (next: Density) => keep((old) => ({ ...old, density: next })),
    [],
  );
  const peek = params.get("peek") ?? "";
  return {
    view,
    f,
    sort,
    layout,
    density,
    kept,
    isChanged,
    peek,
    ask,
    setPeek,
    settle,
    rebase,
    revert,
    setLayout,
    setDensity,
  };
}

/** The density of the view while it is shown; without one of its own the person's. */
function useDensity(ofView: SavedView["density"]): Density {
  const { density, setDensity } = useLook();
  const own = useSession().preferences.density ?? "compact";
  const wanted = (ofView || own) as Density;
  useEffect(() => {
    setDensity(wanted);
  }, [wanted, setDensity]);
  useEffect(() => () => setDensity(own), [own, setDensity]);
  return ofView ? wanted : density;
}
