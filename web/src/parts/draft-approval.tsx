import { AuditOutlined, CheckOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { exact } from "@/format";
import { asProblem } from "@/problem";
import { useConfirm } from "./confirm";
import "./draft-acts.css";
import { useNotice } from "./notice";
import { ProblemNote } from "./problem-note";

interface SendBackProps {
  words: { title: string; act: string; reason: string };
  onSend: (reason: string) => Promise<void>;
  onClose: () => void;
}

/** Why a draft is sent back: asked before it goes. */
export function SendBack({ words, onSend, onClose }: SendBackProps) {
  const { t } = useTranslation("common");
  const [reason, setReason] = useState("");
  const send = useMutation({ mutationFn: () => onSend(reason.trim()), onSuccess: onClose });
  return (
    <Modal
      open
      width={416}
      title={words.title}
      okText={words.act}
      cancelText={t("acts.back")}
      okButtonProps={{ disabled: !reason.trim() }}
      confirmLoading={send.isPending}
      onOk={() => send.mutate()}
      onCancel={onClose}
    >
      {send.error && <ProblemNote problem={asProblem(send.error)} />}
      <Input.TextArea
        aria-label={words.reason}
        placeholder={words.reason}
        maxLength={500}
        rows={3}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}

interface DraftApprovalProps {
  draft: { approvers: readonly string[]; mine: boolean };
  mayApprove: boolean;
  words: {
    waits: string;
    mine: string;
    approve: string;
    reject: string;
    /** What is asked before it is published: title, effect, and the button. */
    ask: { title: string; text: string; act: string };
    back: SendBackProps["words"];
  };
  onApprove: () => Promise<void>;
  onReject: (reason: string) => Promise<void>;
}

/** What waits for a second person: who could approve, and the two answers. */
export function DraftApproval(props: DraftApprovalProps) {
  const { draft, mayApprove, words } = props;
  const notice = useNotice();
  const ask = useConfirm();
  const [isRejecting, reject] = useState(false);
  const approve = useMutation({ mutationFn: props.onApprove, onError: notice.failed });
  const publish = async () => {
    if (await ask(words.ask)) approve.mutate();
  };
  return (
    <div className="draft-banner" data-tone="pend" role="status">
      <AuditOutlined />
      <span>
        {words.waits}
        {draft.mine && mayApprove && <span className="note">{words.mine}</span>}
      </span>
      {mayApprove && !draft.mine && (
        <>
          <Button onClick={() => reject(true)}>{words.reject}</Button>
          <Button type="primary" loading={approve.isPending} onClick={() => void publish()}>
            {words.approve}
          </Button>
        </>
      )}
      {isRejecting && (
        <SendBack words={words.back} onSend={props.onReject} onClose={() => reject(false)} />
      )}
    </div>
  );
}

/** It is published: which version, and what follows it. */
export function DraftPublished({ text }: { text: string }) {
  return (
    <p className="draft-banner" data-tone="kept">
      <CheckOutlined /> {text}
    </p>
  );
}

interface DraftStep {
  act: string;
  by: string;
  at: string;
  note: string;
}

/** Something on a draft's road: what was done, by whom and when, and why. */
export function DraftStepLine({ step, word }: { step: DraftStep; word: string }) {
  return (
    <li>
      <b>{word}</b> {step.by} · {exact(step.at)}
      {step.note && <span className="note">{step.note}</span>}
    </li>
  );
}
