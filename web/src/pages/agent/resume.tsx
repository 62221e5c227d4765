import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentState } from "@/api/types.gen";
import { ask } from "@/client";
import { brief } from "@/format";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { AGENT_KEY, PROPOSALS_KEY } from "./words";

const LEAST = 2;

/** Nothing is carried out: since when, by whom; letting it go again asks why. */
export function Resume({ state }: { state: AgentState }) {
  const { t } = useTranslation("agent");
  const mayWrite = useMay("agent.write");
  const { done, failed } = useNotice();
  const [reason, say] = useState("");
  const resume = async () => {
    try {
      queries.setQueryData(
        AGENT_KEY,
        await ask<AgentState>("/v1/agent/resume", { method: "POST", json: { reason: reason.trim() } }),
      );
      done(t("resumeDone"));
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
  };
  return (
    <section className="agent-banner" data-tone="broken" aria-label={t("stopped")}>
      <p role="status">
        {t("stoppedText", { who: state.stopped_by, when: brief(state.stopped_at) })}
      </p>
      {mayWrite && (
        <form
          className="agent-resume"
          onSubmit={(event) => {
            event.preventDefault();
            void resume();
          }}
        >
          <Input
            aria-label={t("resumeWhy")}
            placeholder={t("resumeWhy")}
            value={reason}
            maxLength={500}
            onChange={(event) => say(event.target.value)}
          />
          <Button htmlType="submit" disabled={reason.trim().length < LEAST}>
            {t("resume")}
          </Button>
        </form>
      )}
    </section>
  );
}
