import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useLocation, useMatches, useNavigate } from "react-router";
import { setSignedOut } from "@/client";
import { setSingles } from "@/keys/keys";
import { useKeys, useScanner } from "@/keys/use-keys";
import { GOTO_KEYS } from "@/frame/goto";
import { useLive } from "@/live/use-live";
import { allowLive } from "@/live/wire";
import type { Page } from "@/pages";
import { useExceptionsBadge } from "@/parts/board/badges";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { type Session, SESSION_KEY, SessionProvider, useMay, useSessionQuery } from "@/session";
import { BottomBar } from "./bottom-bar";
import { Column } from "./column";
import { findWays } from "./going";
import { pagesOf } from "./groups";
import { Rail } from "./rail";
import { TopBar } from "./top-bar";

const loadHelp = () => import("@/parts/keys-help");
const loadPalette = () => import("@/parts/palette");
const KeysHelp = lazy(loadHelp);
const Palette = lazy(loadPalette);
/** After the page has settled: whoever presses Ctrl-K types on at once. */
const PRELOAD_MS = 1_500;
const FOLDED = "danshu.folded";

/** Everything around a page. Whoever is not signed in is sent to the sign-in page. */
export function Frame() {
  const session = useSessionQuery();
  const go = useNavigate();
  const { pathname, search } = useLocation();
  const refetch = session.refetch;
  useEffect(() => {
    setSignedOut(() => {
      const next = window.location.pathname + window.location.search;
      window.location.assign(`/sign-in?next=${encodeURIComponent(next)}`);
    });
  }, []);
  const problem = session.error ? asProblem(session.error) : null;
  const isOut = problem?.status === 401;
  useEffect(() => {
    if (isOut) void go(`/sign-in?next=${encodeURIComponent(pathname + search)}`, { replace: true });
  }, [isOut, go, pathname, search]);
  if (session.data) {
    return (
      <SessionProvider session={session.data}>
        <Framed session={session.data} />
      </SessionProvider>
    );
  }
  if (problem && !isOut) {
    return (
      <main className="alone">
        <ProblemNote problem={problem} onRetry={() => void refetch()} />
      </main>
    );
  }
  return <Skeleton kind="page" />;
}

function Framed({ session }: { session: Session }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const { pathname } = useLocation();
  const page = useMatches().at(-1)?.handle as Page | undefined;
  const [isFolded, fold] = useState(() => window.localStorage.getItem(FOLDED) === "yes");
  const [isSearching, search] = useState<string | null>(null);
  const [isHelping, help] = useState(false);
  const toggle = () => {
    window.localStorage.setItem(FOLDED, isFolded ? "no" : "yes");
    fold(!isFolded);
  };
  useEffect(() => setSingles(session.preferences.single_keys ?? true), [session.preferences]);
  useKeys([
    { keys: "ctrl+k", label: t("keys.palette"), run: () => search(""), inFields: true },
    { keys: "?", label: t("keys.help"), run: () => help(true) },
    { keys: "[", label: t("keys.fold"), run: toggle },
    ...GOTO_KEYS.map(([letter, path, title]) => ({
      keys: `g ${letter}`,
      label: t("keys.goto", { page: t(`nav:pages.${title}`) }),
      run: () => void go(path),
    })),
  ]);
  useEffect(() => {
    const timer = setTimeout(() => void Promise.all([loadPalette(), loadHelp()]), PRELOAD_MS);
    return () => clearTimeout(timer);
  }, []);
  // A scan goes straight to the one thing that it means, else to the palette.
  useScanner((text) => {
    findWays(text).then(
      ({ only }) => (only ? void go(only) : search(text)),
      () => search(text),
    );
  });
  const mayListen = useMay("board.read");
  useEffect(() => {
    if (mayListen) allowLive();
  }, [mayListen]);
  // Messages were missed: whatever is shown is asked for again.
  useLive("reload", () => {
    const isShown = (query: { queryKey: readonly unknown[] }) => query.queryKey[0] !== SESSION_KEY[0];
    void queries.invalidateQueries({ predicate: isShown });
  });
  useExceptionsBadge();
  // A new page starts at its top, and a screen reader hears of it through the h1's focus target.
  useEffect(() => {
    document.getElementById("main")?.scrollTo(0, 0);
  }, [pathname]);

  const chrome = page?.chrome ?? "list";
  const group = page?.group;
  const mayColumn =
    group !== undefined && chrome === "list" && pagesOf(group, session.rights).length > 0;
  const hasColumn = mayColumn && !isFolded;
  return (
    <div className="frame" data-column={hasColumn}>
      <a className="skip" href="#main">
        {t("frame.skip")}
      </a>
      <Rail group={group} />
      {hasColumn && <Column group={group} onFold={toggle} onHelp={() => help(true)} />}
      <div className="stage">
        <TopBar
          onSearch={() => search("")}
          onUnfold={mayColumn && isFolded ? toggle : undefined}
        />
        <main id="main" tabIndex={-1}>
          <Suspense fallback={<Skeleton kind="page" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <BottomBar group={group} />
      <Suspense>
        {isSearching !== null && <Palette text={isSearching} onClose={() => search(null)} />}
        {isHelping && <KeysHelp isOpen={isHelping} onClose={() => help(false)} />}
      </Suspense>
    </div>
  );
}
