import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { ControlOutlined, ExperimentOutlined, PoweroffOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentState, ProposalRow, ProposalRows } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Assistant } from "./assistant";
import { Autonomy, AutonomyDialog } from "./autonomy";
import { List } from "./list";
import { Outcomes } from "./outcomes";
import { Proposal } from "./proposal";
import { Resume } from "./resume";
import { Skills } from "./skills";
import { AGENT_KEY, LOOK_MS, PROPOSALS_KEY, VIEWS, type View } from "./words";
import "./agent.css";

/** 提案: what should be done, by value; what speaks for it; who may say yes. */
export default function Agent() {
  const { t } = useTranslation("agent");
  const { asked, ask } = useAsked();
  const [isSetting, set] = useState(false);
  const view: View = VIEWS.find((one) => one === asked("of")) ?? "waiting";
  const state = useQuery({
    queryKey: AGENT_KEY,
    queryFn: ({ signal }) => fetchJson<AgentState>("/v1/agent", { signal }),
    refetchInterval: LOOK_MS,
  });
  useLive<{ revision: string }>("agent", () => {
    void queries.invalidateQueries({ queryKey: AGENT_KEY });
    void queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
  });
  const list = useKeyset<ProposalRow, ProposalRows>({
    queryKey: [...PROPOSALS_KEY, "list", view],
    fetch: (cursor, signal) =>
      fetchJson(
        `/v1/proposals?${query({ of: view, order: view === "waiting" ? "value" : "latest", cursor, limit: 30 })}`,
        { signal },
      ),
  });
  const chosen = asked("id") || list.rows[0]?.id || "";
  return (
    <>
      <PageHead
        fact={state.data && t("fact", { waiting: count(state.data.waiting) })}
        actions={state.data && <Switches state={state.data} onLevels={() => set(true)} />}
      />
      {state.error && <ProblemNote problem={asProblem(state.error)} onRetry={() => void state.refetch()} />}
      {state.data?.stopped && <Resume state={state.data} />}
      {state.data?.dry && !state.data.stopped && (
        <p className="agent-banner" role="status">
          {t("dryNow")}
        </p>
      )}
      <div className="agent">
        <List list={list} view={view} chosen={chosen} onView={(of) => ask({ of, id: "" })} onChoose={(id) => ask({ id })} />
        <Proposal key={chosen} id={chosen} isEmpty={!list.isLoading && !chosen} isStopped={state.data?.stopped ?? false} />
        <div className="agent-side">
          <Autonomy />
          <Outcomes />
          <Assistant />
          <Skills />
        </div>
      </div>
      {isSetting && <AutonomyDialog onClose={() => set(false)} />}
    </>
  );
}

/** Levels, rehearsing, and the switch: it asks for no reason first. */
function Switches({ state, onLevels }: { state: AgentState; onLevels: () => void }) {
  const { t } = useTranslation("agent");
  const mayStop = useMay("agent.stop");
  const mayWrite = useMay("agent.write");
  const { done, failed } = useNotice();
  const send = async (path: string, method: "POST" | "PUT", json: object, said: string) => {
    try {
      queries.setQueryData(AGENT_KEY, await fetchJson<AgentState>(path, { method, json }));
      done(said);
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
  };
  return (
    <div className="agent-switches">
      <Button icon={<ControlOutlined />} onClick={onLevels}>
        {t("levels")}
      </Button>
      {mayWrite && (
        <Button
          icon={<ExperimentOutlined />}
          aria-pressed={state.dry}
          type={state.dry ? "primary" : "default"}
          onClick={() =>
            void send("/v1/agent/dry", "PUT", { on: !state.dry }, t(state.dry ? "dryOff" : "dryOn"))
          }
        >
          {t("dry")}
        </Button>
      )}
      {mayStop && !state.stopped && (
        <Button
          danger
          icon={<PoweroffOutlined />}
          onClick={() => void send("/v1/agent/stop", "POST", {}, t("stopDone"))}
        >
          {t("stop")}
        </Button>
      )}
      {state.stopped && (
        <span className="note">{t("stoppedSince", { who: state.stopped_by, when: brief(state.stopped_at) })}</span>
      )}
    </div>
  );
}
