import { CheckOutlined, ExperimentOutlined, HourglassOutlined, SendOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { dated } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DigestText } from "@/parts/digest-text";
import { DraftStepLine, SendBack } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { approveDraft, type Check, declineDraft, type Draft, type Step, submitDraft, withdrawDraft } from "./api";
import type { At } from "./clauses";
import { TrialCard } from "./trial";

interface Props {
  draft: Draft;
  isDirty: boolean;
  check: Check | null;
  isChecking: boolean;
  onCheck: () => Promise<void>;
  /** Saves what is drawn; null when it could not be. */
  onSave: () => Promise<Draft | null>;
  onDraft: (draft: Draft) => void;
  /** Lead to the place that a finding is about. */
  onGo: (at: At) => void;
}

/** 上线流程 of a draft: 保存 → 检查 → 试算 → 双人审批; 灰度 and 全量 follow on the published set. */
export function Road({ draft, isDirty, check, isChecking, onCheck, onSave, onDraft, onGo }: Props) {
  const { t } = useTranslation("policies");
  const isFresh = !isDirty && check !== null;
  const isSound = isFresh && check.sound;
  const isTried = !isDirty && draft.simulation !== "";
  const errors = check?.findings.filter((one) => one.severity === "error").length ?? 0;
  const warnings = (check?.findings.length ?? 0) - errors;
  return (
    <div className="policy-road">
      <Card title={t("check.title")} note={check ? t("check.count", { errors, warnings }) : undefined}
        extra={<Button size="small" loading={isChecking} onClick={() => void onCheck()}>{t("check.act")}</Button>}
      >
        {!check && <p className="note">{t("check.none")}</p>}
        {check && isDirty && <p className="note">{t("check.old")}</p>}
        <Findings check={check} onGo={onGo} />
        {isSound && check.findings.length === 0 && <p className="policy-ok"><CheckOutlined /> {t("check.sound")}</p>}
      </Card>
      <TrialCard draft={draft} isDirty={isDirty} onSave={onSave} onDraft={onDraft} />
      <Card title={t("road.title")} note={t("road.note")}>
        <ol className="policy-steps">
          <StepLine state={isDirty ? "open" : "done"} title={t("road.save")}
            text={isDirty ? t("road.unsaved") : t("road.saved", { revision: draft.revision, by: draft.editor, at: dated(draft.at) })} />
          <StepLine state={isSound ? "done" : "open"} title={t("check.title")} text={check ? t("check.count", { errors, warnings }) : t("road.toDo")} />
          <StepLine state={isTried ? "done" : "open"} title={t("trial.title")} text={isTried ? t("road.tried") : t("road.toDo")} />
          <StepLine state={draft.state === "published" ? "done" : draft.state === "submitted" ? "wait" : "open"} title={t("road.approval")}
            text={t("road.approvers", { people: draft.approvers.join(t("comma")) || t("road.nobody") })} />
          <StepLine state="later" title={t("road.canary")} text={t("road.later")} />
          <StepLine state="later" title={t("road.live")} text={t("road.back")} />
        </ol>
        <Acts draft={draft} why={!isFresh ? t("why.check") : !isSound ? t("why.errors", { count: errors }) : !isTried ? t("why.trial") : ""} onDraft={onDraft} />
        <p className="policy-digest"><span className="note">{t("road.digest")}</span> <DigestText hex={draft.digest} /></p>
        <Steps steps={draft.steps} />
      </Card>
    </div>
  );
}

function Findings({ check, onGo }: { check: Check | null; onGo: (at: At) => void }) {
  const { t } = useTranslation("policies");
  return (
    <ul className="policy-findings">
      {(check?.findings ?? []).map((one, at) => {
        const place = [one.node, one.row, one.column].filter(Boolean).join(" · ");
        return (
          <li key={at} data-tone={one.severity === "error" ? "broken" : "risk"}>
            <b>{t(`check.${one.severity}`)}</b> {byLocale(one.zh, one.en)}
            {(one.graph || one.row) && (
              <button type="button" className="as-link" onClick={() => onGo({ graph: one.graph, node: one.node, row: one.row })}>
                {t("check.go", { place: place || one.graph })}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

type LineState = "done" | "wait" | "open" | "later";
const ICONS: Readonly<Record<LineState, ReactNode>> = {
  done: <CheckOutlined />,
  wait: <HourglassOutlined />,
  open: null,
  later: null,
};

export function StepLine({ state, title, text }: { state: LineState; title: string; text: string }) {
  const { t } = useTranslation("policies");
  return (
    <li data-state={state}>
      <span className="policy-step-icon">{ICONS[state]}</span>
      <span>
        <b>{title}</b> <span className="visually-hidden">{t(`road.states.${state}`)}</span>
        <span className="note">{text}</span>
      </span>
    </li>
  );
}

/** What was done with it, by whom and when. */
export function Steps({ steps }: { steps: readonly Step[] }) {
  const { t } = useTranslation("policies");
  if (steps.length === 0) return null;
  return (
    <ul className="policy-history">
      {steps.map((step, at) => (
        <DraftStepLine key={at} step={step} word={t(`steps.${step.act}`)} />
      ))}
    </ul>
  );
}

function Acts({ draft, why, onDraft }: { draft: Draft; why: string; onDraft: (draft: Draft) => void }) {
  const { t } = useTranslation("policies");
  const notice = useNotice();
  const ask = useConfirm();
  const go = useNavigate();
  const mayWrite = useMay("routing.write");
  const mayApprove = useMay("routing.approve");
  const [isDeclining, decline] = useState(false);
  const [isBusy, setBusy] = useState(false);
  async function act(what: () => Promise<Draft>, said: string) {
    setBusy(true);
    try {
      onDraft(await what());
      notice.done(said);
    } catch (error) {
      notice.failed(error);
    }
    setBusy(false);
  }
  async function approve() {
    const title = t("approve.ask", { name: draft.name });
    if (!(await ask({ title, text: t("approve.effect"), act: t("approve.it", { name: draft.name }) }))) return;
    setBusy(true);
    try {
      const set = await approveDraft(draft.id, draft.digest, "");
      await queries.invalidateQueries({ queryKey: ["routing"] });
      notice.done(t("approve.done", { no: set.no, name: set.name }));
      void go(`/policies/${set.digest}`);
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }
  return (
    <div className="policy-acts">
      {draft.state === "draft" && mayWrite && (
        <>
          <Button
            type="primary"
            icon={<SendOutlined />}
            className={why ? "refused" : ""}
            aria-disabled={why !== ""}
            loading={isBusy}
            onClick={() => !why && void act(() => submitDraft(draft.id, draft.revision), t("submit.done"))}
          >
            {t("submit.act")}
          </Button>
          {why && <span className="note">{why}</span>}
        </>
      )}
      {draft.state === "submitted" && mayWrite && (
        <Button loading={isBusy} onClick={() => void act(() => withdrawDraft(draft.id), t("withdraw.done"))}>
          {t("withdraw.act")}
        </Button>
      )}
      {draft.state === "submitted" && mayApprove && !draft.mine && (
        <>
          <Button onClick={() => decline(true)}>{t("decline.act")}</Button>
          <Button type="primary" icon={<ExperimentOutlined />} loading={isBusy} onClick={() => void approve()}>
            {t("approve.act")}
          </Button>
        </>
      )}
      {draft.state === "submitted" && draft.mine && <span className="note">{t("approve.mine")}</span>}
      {isDeclining && (
        <SendBack
          words={{ title: t("decline.ask", { name: draft.name }), act: t("decline.act"), reason: t("decline.why") }}
          onSend={async (note) => onDraft(await declineDraft(draft.id, note))}
          onClose={() => decline(false)}
        />
      )}
    </div>
  );
}
