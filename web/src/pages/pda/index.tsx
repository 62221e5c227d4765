import "./pda.css";
import { useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMatch, useNavigate } from "react-router";
import { setSignedOut } from "@/client";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { SessionProvider, useMay, useSessionQuery } from "@/session";
import { WORKS } from "./model";
import { dropSession, keepPage, keepSession, keptSession } from "./offline";
import { QueuePage } from "./queue-page";
import { ReturnsPage } from "./returns-page";
import { TaskPage } from "./task-page";
import { TasksPage } from "./tasks-page";
import { PdaProvider } from "./use-pda";

/** The pages of a hand-held device: one question a screen, no frame around it. */
export default function Pda() {
  const isQueue = useMatch("/pda/queue") !== null;
  const isReturns = useMatch("/pda/returns") !== null;
  const named = useMatch("/pda/:work/:order/:fulfilment")?.params.work;
  const work = WORKS.find((one) => one === named);
  return (
    <Signed>
      <PdaProvider>
        {isQueue ? <QueuePage /> : isReturns ? <ReturnsPage /> : work ? <TaskPage work={work} /> : <TasksPage />}
      </PdaProvider>
    </Signed>
  );
}

/** Gives the session; who has none is sent to sign in. Without the network the last one goes on. */
function Signed({ children }: { children: ReactNode }) {
  const session = useSessionQuery();
  const go = useNavigate();
  const { t } = useTranslation("pda");
  const problem = session.error ? asProblem(session.error) : null;
  const isOut = problem?.status === 401;
  const { data, refetch } = session;
  useEffect(() => {
    if (!data) return;
    keepSession(data);
    // A browser that keeps nothing works as long as there is a network.
    void keepPage().catch(() => undefined);
  }, [data]);
  useEffect(() => {
    if (data) return undefined;
    const again = () => void refetch();
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [data, refetch]);
  useEffect(() => {
    // While the page is open a lost session is told by the strip: what waits must not be lost.
    setSignedOut(() => undefined);
  }, []);
  useEffect(() => {
    if (!isOut) return;
    dropSession();
    void go(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`, { replace: true });
  }, [isOut, go]);
  const isAlone = problem ? problem.passes : !navigator.onLine;
  const known = data ?? (isAlone ? keptSession() : null);
  if (known) {
    return (
      <SessionProvider session={known}>
        <Permitted>{children}</Permitted>
      </SessionProvider>
    );
  }
  if (problem && !isOut) {
    return (
      <main className="pda-main">
        <h1>{t("noStart")}</h1>
        <ProblemNote problem={problem} onRetry={() => void refetch()} />
      </main>
    );
  }
  return <Skeleton kind="page" />;
}

function Permitted({ children }: { children: ReactNode }) {
  const { t } = useTranslation("pda");
  if (useMay("floor.read")) return children;
  return (
    <main className="pda-main">
      <h1>{t("noRight")}</h1>
      <p>{t("noRightWhy")}</p>
    </main>
  );
}
