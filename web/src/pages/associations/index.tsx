import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AssociationRule, AssociationsMined } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query, useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Campaigns } from "./campaigns";
import { Propose } from "./propose";
import { Rules } from "./rules";
import { KEY, keyOf, type Question, WINDOWS } from "./words";
import "./associations.css";

const KINDS = ["sequence", "basket"] as const;
const LEVELS = ["sku", "family"] as const;
const DAYS = 30;

/** 关联与动作: which goods follow which, and what is done about it. */
export default function Associations() {
  const { t } = useTranslation("associations");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("association.write");
  const [proposed, setProposed] = useState<AssociationRule | null>(null);
  const question: Question = {
    kind: KINDS.find((one) => one === asked("kind")) ?? "sequence",
    level: LEVELS.find((one) => one === asked("level")) ?? "sku",
    window: WINDOWS.find((one) => String(one) === asked("window")) ?? DAYS,
  };
  const { kind, level, window } = question;
  const key = [...KEY, kind, level, window];
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      fetchJson<AssociationsMined>(`/v1/associations?${query({ kind, level, window_d: window })}`, { signal }),
  });
  const mine = useMutation({
    mutationFn: () =>
      fetchJson<AssociationsMined>("/v1/associations/mine", {
        method: "POST",
        json: { kind, level, window_d: window, follow_d: window },
      }),
    onSuccess: (mined) => queries.setQueryData(key, mined),
  });
  const mined = found.data;
  const chosen = mined?.rules.find((rule) => keyOf(rule) === asked("rule"));
  return (
    <>
      <PageHead
        fact={
          mined?.mined &&
          t("fact", { found: count(mined.found), tested: count(mined.tested), when: brief(mined.mined) })
        }
        actions={
          mayWrite && (
            <Button type="primary" loading={mine.isPending} onClick={() => mine.mutate()}>
              {t("mine")}
            </Button>
          )
        }
      />
      <div className="associations-bar">
        <Segmented
          aria-label={t("kind")}
          value={kind}
          options={KINDS.map((one) => ({ value: one, label: t(`kinds.${one}`) }))}
          onChange={(value) => ask({ kind: value, rule: "" })}
        />
        <Segmented
          aria-label={t("level")}
          value={level}
          options={LEVELS.map((one) => ({ value: one, label: t(`levels.${one}`) }))}
          onChange={(value) => ask({ level: value, rule: "" })}
        />
        {kind === "sequence" && (
          <Select
            aria-label={t("window")}
            value={window}
            options={WINDOWS.map((one) => ({ value: one, label: t("days", { n: one }) }))}
            onChange={(value) => ask({ window: String(value), rule: "" })}
          />
        )}
      </div>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {mine.error && <ProblemNote problem={asProblem(mine.error)} onRetry={() => mine.mutate()} />}
      {found.isPending && <Skeleton kind="card" rows={6} />}
      <div className="associations">
        {mined && (
          <Rules
            mined={mined}
            chosen={chosen}
            mayPropose={mayWrite}
            onChoose={(rule) => ask({ rule: rule ? keyOf(rule) : "" })}
            onPropose={setProposed}
          />
        )}
        <Campaigns />
      </div>
      {proposed && <Propose rule={proposed} question={question} onClose={() => setProposed(null)} />}
    </>
  );
}
