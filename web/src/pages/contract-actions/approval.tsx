import { AuditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { approveDraft, rejectDraft } from "@/api/sdk.gen";
import type { DraftShown } from "@/api/types.gen";
import { exact } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

interface Props {
  draft: DraftShown;
  onDone: (draft: DraftShown) => void;
}

/** What waits for a second person: who could approve, and the two answers. */
export function Approval({ draft, onDone }: Props) {
  const { t } = useTranslation("contractActions");
  const notice = useNotice();
  const ask = useConfirm();
  const mayApprove = useMay("contract.approve");
  const [isRejecting, setRejecting] = useState(false);
  const approve = useMutation({
    mutationFn: async () =>
      (await approveDraft({ path: { draft_id: draft.id }, body: { digest: draft.digest } })).data,
    onSuccess: async (done) => {
      onDone(done);
      notice.done(t("published", { version: done.action.version }));
      await queries.invalidateQueries();
    },
    onError: notice.failed,
  });

  async function publish() {
    const version = draft.action.version;
    const title = t("approve.ask", { name: draft.action.name.zh, version });
    if (await ask({ title, text: t("approve.effect"), act: t("approve.it", { version }) })) {
      approve.mutate();
    }
  }

  return (
    <div className="action-banner" data-tone="pend" role="status">
      <AuditOutlined />
      <span>
        {draft.approvers.length > 0
          ? t("approve.waits", { people: draft.approvers.join(t("comma")) })
          : t("approve.nobody")}
        {draft.mine && mayApprove && <span className="note">{t("approve.mine")}</span>}
      </span>
      {mayApprove && !draft.mine && (
        <>
          <Button onClick={() => setRejecting(true)}>{t("reject.act")}</Button>
          <Button type="primary" loading={approve.isPending} onClick={() => void publish()}>
            {t("approve.act")}
          </Button>
        </>
      )}
      {isRejecting && (
        <Reject draft={draft} onDone={onDone} onClose={() => setRejecting(false)} />
      )}
    </div>
  );
}

function Reject({ draft, onDone, onClose }: Props & { onClose: () => void }) {
  const { t } = useTranslation(["contractActions", "common"]);
  const [reason, setReason] = useState("");
  const reject = useMutation({
    mutationFn: async () =>
      (await rejectDraft({ path: { draft_id: draft.id }, body: { reason: reason.trim() } })).data,
    onSuccess: (done) => {
      onDone(done);
      onClose();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("reject.ask")}
      okText={t("reject.act")}
      cancelText={t("common:acts.back")}
      okButtonProps={{ disabled: !reason.trim() }}
      confirmLoading={reject.isPending}
      onOk={() => reject.mutate()}
      onCancel={onClose}
    >
      {reject.error && <ProblemNote problem={asProblem(reject.error)} />}
      <Input.TextArea
        aria-label={t("reason")}
        placeholder={t("reason")}
        maxLength={500}
        rows={3}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}

/** The road so far: submitted, sent back, approved; by whom and when. */
export function Road({ draft }: { draft: DraftShown }) {
  const { t } = useTranslation("contractActions");
  return (
    <section className="action-part" aria-label={t("road.title")}>
      <h3>{t("road.title")}</h3>
      <ol className="action-road">
        <li>
          {t("road.written", { people: draft.editors.join(t("comma")) })}
        </li>
        {draft.steps.map((step, at) => (
          <li key={at}>
            <b>{t(`road.acts.${step.act}`)}</b> {step.by} · {exact(step.at)}
            {step.note && <span className="note">{step.note}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
