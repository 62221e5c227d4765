import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentSkill, AgentSkills } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { PROPOSALS_KEY, told } from "./words";

const KEY = ["agent", "skills"] as const;

/** Which skills look, when, what came of it, and which of their drafts were refused. */
export function Skills() {
  const { t } = useTranslation("agent");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<AgentSkills>("/v1/agent/skills", { signal }),
  });
  return (
    <Card title={t("skills.title")}>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.data?.items.length === 0 && <p className="note">{t("skills.none")}</p>}
      <ul className="agent-skills">
        {found.data?.items.map((skill) => (
          <li key={skill.name}>
            <Skill skill={skill} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Skill({ skill }: { skill: AgentSkill }) {
  const { t } = useTranslation("agent");
  const mayWrite = useMay("agent.write");
  const { failed } = useNotice();
  const [isBusy, wait] = useState(false);
  const look = async () => {
    wait(true);
    try {
      await ask<AgentSkill>(`/v1/agent/skills/${skill.name}/look`, { method: "POST", json: {} });
    } catch (error) {
      failed(error);
    }
    wait(false);
    await queries.invalidateQueries({ queryKey: KEY });
    await queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
  };
  return (
    <>
      <span title={told(skill.about)}>
        {told(skill.title) || skill.name} <span className="note">v{skill.version}</span>
      </span>
      {mayWrite && !skill.trouble && (
        <Button size="small" type="text" loading={isBusy} aria-label={t("skills.lookOf", { name: told(skill.title) })} onClick={() => void look()}>
          {t("skills.look")}
        </Button>
      )}
      <span className="note agent-wide">
        {skill.looked
          ? t("skills.seen", { when: brief(skill.looked), drafts: count(skill.drafts), made: count(skill.made) })
          : t("skills.notYet")}
        {skill.refused.length > 0 && ` · ${t("skills.refused", { count: skill.refused.length })}`}
        {skill.loose && ` · ${t("skills.loose")}`}
      </span>
      {skill.trouble && <span className="agent-wide agent-trouble">{t("skills.trouble", { trouble: skill.trouble })}</span>}
    </>
  );
}
