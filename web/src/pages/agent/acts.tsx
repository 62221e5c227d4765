import { CheckOutlined, CloseOutlined, EditOutlined, ExperimentOutlined, RollbackOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Modal } from "antd";
import type { TFunction } from "i18next";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentProposal, ProposalRehearsal } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem, type Problem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { AGENT_KEY, isOpen, PROPOSALS_KEY, told } from "./words";

type Asking = "" | "refuse" | "change" | "back";
const LEAST = 2;

/** 改数量, 拒绝, 批准; behind it 撤销. Whoever wrote some of it does not approve it. */
export function Acts({ one, isStopped }: { one: AgentProposal; isStopped: boolean }) {
  const { t } = useTranslation("agent");
  const mayDecide = useMay("agent.approve");
  const mayPropose = useMay("agent.propose");
  const { done, failed } = useNotice();
  const [asking, show] = useState<Asking>("");
  const [isBusy, wait] = useState(false);
  const [rehearsal, rehearse] = useState<ProposalRehearsal | null>(null);
  const { row } = one;
  const path = `/v1/proposals/${row.id}`;
  const send = async (what: string, json: object): Promise<Problem | null> => {
    wait(true);
    try {
      const after = await ask<AgentProposal>(`${path}/${what}`, { method: "POST", json });
      queries.setQueryData([...PROPOSALS_KEY, row.id], after);
      done(t(`said.${after.row.state}`));
      return null;
    } catch (error) {
      return asProblem(error);
    } finally {
      wait(false);
      void queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
      void queries.invalidateQueries({ queryKey: AGENT_KEY });
    }
  };
  const approve = async () => {
    const problem = await send("approve", {});
    if (problem) failed(problem);
  };
  const look = async () => {
    try {
      rehearse(await ask<ProposalRehearsal>(`${path}/rehearse`, { method: "POST", json: {} }));
    } catch (error) {
      failed(error);
    }
  };
  const isDone = row.state === "done" || row.state === "measured";
  return (
    <footer className="agent-acts">
      <p className="note">{noteOf(one, isStopped, mayDecide, t)}</p>
      <Button icon={<ExperimentOutlined />} onClick={() => void look()}>
        {t("rehearse")}
      </Button>
      {isOpen(row) && mayPropose && one.quantity !== null && (
        <Button icon={<EditOutlined />} onClick={() => show("change")}>
          {t("change")}
        </Button>
      )}
      {isOpen(row) && mayDecide && (
        <Button icon={<CloseOutlined />} onClick={() => show("refuse")}>
          {t("refuse")}
        </Button>
      )}
      {row.state === "waiting" && mayDecide && (
        <Button
          type="primary"
          icon={<CheckOutlined />}
          loading={isBusy}
          disabled={!one.may_approve || isStopped || row.level === "observe"}
          onClick={() => void approve()}
        >
          {t("approve")}
        </Button>
      )}
      {isDone && mayDecide && (
        <Button danger icon={<RollbackOutlined />} onClick={() => show("back")}>
          {t("rollBack")}
        </Button>
      )}
      {asking === "change" && (
        <Quantity
          before={one.quantity ?? 1}
          onSend={(quantity) => send("change", { quantity })}
          onClose={() => show("")}
        />
      )}
      {(asking === "refuse" || asking === "back") && (
        <Why
          what={asking}
          onSend={(reason) => send(asking === "back" ? "roll-back" : "refuse", { reason })}
          onClose={() => show("")}
        />
      )}
      <Modal open={rehearsal !== null} title={t("rehearsal")} footer={null} onCancel={() => rehearse(null)}>
        <ul>
          {rehearsal?.changes.map((change) => <li key={told(change)}>{told(change)}</li>)}
        </ul>
        <p className="note">
          {t("wouldTouch", { count: rehearsal?.touched ?? 0 })} ·{" "}
          {t(`backUntil.${rehearsal?.back_until ?? "never"}`, { defaultValue: rehearsal?.back_until ?? "" })}
        </p>
      </Modal>
    </footer>
  );
}

function noteOf(one: AgentProposal, isStopped: boolean, mayDecide: boolean, t: TFunction<"agent">): ReactNode {
  const { row } = one;
  if (row.state !== "waiting") return t(`notes.${row.state}`);
  if (isStopped) return t("stopped");
  if (row.level === "observe") return t("notes.observe");
  if (row.level === "propose") return t("notes.propose");
  if (mayDecide && !one.may_approve) return t("notes.own");
  return t("notes.waiting", { count: Math.max(1, row.needed) });
}

function Why({ what, onSend, onClose }: { what: "refuse" | "back"; onSend: (reason: string) => Promise<Problem | null>; onClose: () => void }) {
  const { t } = useTranslation("agent");
  const [reason, say] = useState("");
  const [problem, fail] = useState<Problem | null>(null);
  return (
    <Modal
      open
      title={t(`${what}Title`)}
      okText={t(`${what}Act`)}
      cancelText={t("goBack")}
      okButtonProps={{ disabled: reason.trim().length < LEAST, danger: true }}
      onCancel={onClose}
      onOk={async () => {
        const no = await onSend(reason.trim());
        fail(no);
        if (!no) onClose();
      }}
    >
      {problem && <ProblemNote problem={problem} />}
      <Input.TextArea
        aria-label={t("reason")}
        placeholder={t("reason")}
        rows={3}
        maxLength={500}
        value={reason}
        onChange={(event) => say(event.target.value)}
      />
    </Modal>
  );
}

function Quantity({ before, onSend, onClose }: { before: number; onSend: (quantity: number) => Promise<Problem | null>; onClose: () => void }) {
  const { t } = useTranslation("agent");
  const [quantity, set] = useState<number | null>(before);
  const [problem, fail] = useState<Problem | null>(null);
  return (
    <Modal
      open
      title={t("changeTitle")}
      okText={t("change")}
      cancelText={t("goBack")}
      okButtonProps={{ disabled: !quantity || quantity === before }}
      onCancel={onClose}
      onOk={async () => {
        const no = await onSend(quantity ?? before);
        fail(no);
        if (!no) onClose();
      }}
    >
      {problem && <ProblemNote problem={problem} />}
      <p className="note">{t("changeNote", { before: count(before) })}</p>
      <InputNumber aria-label={t("quantity")} min={1} precision={0} value={quantity} onChange={set} />
    </Modal>
  );
}
