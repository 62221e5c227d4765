import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { dayName, timeOfDay } from "@/format/times";
import { TrustStrip } from "@/frame/trust-strip";
import { useLiveState } from "@/live/use-live";
import { allowLive } from "@/live/wire";
import { BoardFigures } from "@/parts/board/figures";
import { NodesCard } from "@/parts/board/nodes-card";
import { PaceCard } from "@/parts/board/pace-card";
import { StagesCard } from "@/parts/board/stages-card";
import { ChannelsCard, PromisesCard } from "@/parts/board/tables";
import { useOverview } from "@/parts/board/use-overview";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { SessionProvider, useMay, useSession, useSessionQuery } from "@/session";
import { useForcedLook } from "@/theme/look";
import "@/parts/board/board.css";
import "./wall.css";

const isLow = window.matchMedia("(max-height: 999px)").matches;
const PACE_PX = isLow ? 170 : 250;
const AXIS_PX = 15;
const MAP_PX = isLow ? 260 : 340;

/** 今日大屏: the overview for a screen on the wall, dark and without controls. */
export default function Wall() {
  useForcedLook("dark");
  const session = useSessionQuery();
  const go = useNavigate();
  const problem = session.error ? asProblem(session.error) : null;
  const isOut = problem?.status === 401;
  useEffect(() => {
    if (isOut) void go("/sign-in?next=%2Fwall", { replace: true });
  }, [isOut, go]);
  if (session.data) {
    return (
      <SessionProvider session={session.data}>
        <Screen />
      </SessionProvider>
    );
  }
  if (problem && !isOut) return <ProblemNote problem={problem} />;
  return <Skeleton kind="page" />;
}

function Screen() {
  const { t } = useTranslation(["overview", "common", "rights", "nav"]);
  const { tenant } = useSession();
  const may = useMay("board.read");
  useEffect(() => {
    if (may) allowLive();
  }, [may]);
  const { data, error, refetch } = useOverview({});
  const { isStale } = useLiveState();
  if (!may) {
    return (
      <main className="alone">
        <h1>{t("nav:pages.wall")}</h1>
        <p>{t("common:missing.noRight", { right: t("rights:board.read") })}</p>
      </main>
    );
  }
  return (
    <main className="wall">
      <header className="wall-head">
        <img src="/logo.svg" alt={t("nav:product")} width={44} height={44} />
        <h1>
          {t("nav:pages.wall")} <span>{tenant.name}</span>
        </h1>
        <TrustStrip />
        {data && (
          <p className="wall-time" data-stale={isStale} data-live>
            <span>{dayName(data.as_of)}</span> {timeOfDay(data.as_of)}
          </p>
        )}
      </header>
      {error && !data ? (
        <ProblemNote problem={asProblem(error)} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton kind="page" />
      ) : (
        <>
          <BoardFigures board={data} />
          <div className="board">
            <div data-at="pace">
              <PaceCard board={data} height_px={PACE_PX} axis_px={AXIS_PX} />
            </div>
            <div data-at="channels">
              <ChannelsCard board={data} />
            </div>
            <div data-at="clauses">
              <PromisesCard board={data} />
            </div>
            <div data-at="nodes">
              <NodesCard board={data} height_px={MAP_PX} />
            </div>
            <div data-at="stages">
              <StagesCard board={data} />
            </div>
          </div>
        </>
      )}
    </main>
  );
}
