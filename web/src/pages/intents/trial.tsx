import { CheckCircleOutlined, ExperimentOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tryIntents } from "@/api/sdk.gen";
import type {
  IntentChange,
  IntentChecked,
  IntentFinding,
  IntentGraph,
  IntentTried,
} from "@/api/types.gen";
import { Card } from "@/parts/card";
import { called, DirectedAnswer } from "@/parts/directed";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { find, type Kind, KINDS, nameOf, nodes } from "./model";

interface Props {
  graph: IntentGraph;
  /** What a draft adds, undefined = what is followed. */
  own: IntentGraph | undefined;
}

/** 试一试: equipment and what somebody reports; what would be done, and the way to it. */
export function Trial({ graph, own }: Props) {
  const { t } = useTranslation("intents");
  const [equipment, setEquipment] = useState("");
  const [words, setWords] = useState("");
  const run = useMutation({
    mutationFn: async () =>
      (await tryIntents({ body: { equipment, words, ...(own ? { graph: own } : {}) } })).data,
  });
  return (
    <Card title={t("try")} note={own ? t("tryDraft") : t("tryLive")}>
      <div className="intents-try">
        <Select
          aria-label={t("equipmentOf")}
          value={equipment}
          options={[
            { value: "", label: t("asSaid") },
            ...nodes(graph, "equipment").map((one) => ({ value: one.code, label: nameOf(one) })),
          ]}
          onChange={setEquipment}
        />
        <Input
          aria-label={t("reported")}
          placeholder={t("reportedHint")}
          maxLength={500}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onPressEnter={() => words.trim() && run.mutate()}
        />
        <Button
          icon={<ExperimentOutlined />}
          disabled={!words.trim()}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          {t("tryIt")}
        </Button>
      </div>
      {run.error && <ProblemNote problem={asProblem(run.error)} />}
      {run.data && <Answer tried={run.data} graph={graph} />}
    </Card>
  );
}

function Answer({ tried, graph }: { tried: IntentTried; graph: IntentGraph }) {
  const { t } = useTranslation("intents");
  const { directed, near } = tried;
  return (
    <div className="intents-answer" aria-live="polite">
      <DirectedAnswer directed={directed} graph={graph} />
      {near.length > 0 && (
        <>
          <p className="note">{t("near")}</p>
          <ul className="intents-near">
            {near.map((one) => (
              <li key={one.code}>
                {called(graph, one.code)}{" "}
                <span className="note">{t(`reasons.${one.reason as "sounds_alike"}`)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

interface ChecksProps {
  checked: IntentChecked | undefined;
  isBehind: boolean;
  whole: IntentGraph;
  onPick: (kind: Kind, code: string) => void;
}

/** What stands in the way of the draft; a finding leads to its node. */
export function Checks({ checked, isBehind, whole, onPick }: ChecksProps) {
  const { t } = useTranslation("intents");
  const found = checked?.findings ?? [];
  const node = (one: IntentFinding) =>
    KINDS.includes(one.kind as Kind)
      ? nameOf(find(whole, one.kind as Kind, one.node ?? "")) || one.node
      : one.node;
  return (
    <Card title={t("checks")} note={isBehind ? t("checking") : ""}>
      {checked && found.length === 0 && (
        <p className="intents-fine">
          <CheckCircleOutlined aria-hidden /> {t("fine")}
        </p>
      )}
      <ul className="intents-checks" aria-live="polite">
        {found.map((one) => (
          <li key={`${one.code}${one.node}${one.value}`}>
            <button type="button" onClick={() => onPick(one.kind as Kind, one.node ?? "")}>
              {node(one)}
            </button>{" "}
            {t(`findings.${one.code}`, {
              value: called(whole, one.value ?? ""),
              defaultValue: one.detail,
            })}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What becomes different from what is followed. */
export function Changes({
  changes,
  graph,
}: {
  changes: readonly IntentChange[];
  graph: IntentGraph;
}) {
  const { t } = useTranslation("intents");
  return (
    <Card title={t("changes")} note={t("changesNote")}>
      {changes.length === 0 ? (
        <p className="note">{t("noChanges")}</p>
      ) : (
        <ChangeList changes={changes} graph={graph} />
      )}
    </Card>
  );
}

/** Differences, one a line. */
export function ChangeList({
  changes,
  graph,
}: {
  changes: readonly IntentChange[];
  graph: IntentGraph;
}) {
  const { t } = useTranslation("intents");
  const name = (text: string) =>
    text
      .split("、")
      .map((code) => called(graph, code))
      .join(t("comma")) || "—";
  return (
    <ul className="intents-changes">
      {changes.map((one) => (
        <li key={`${one.kind}${one.node}${one.act}${one.member}`}>
          <ToneTag tone={one.act === "removed" ? "risk" : "pend"}>{t(`acts.${one.act}`)}</ToneTag>{" "}
          {t(`kinds.${one.kind as Kind}`)} <b>{called(graph, one.node)}</b>
          {one.member && (
            <span>
              {" "}
              {t(`members.${one.member as "title"}`)}: {name(one.was ?? "")} → {name(one.now ?? "")}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
