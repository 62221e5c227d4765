import { AuditOutlined, CheckOutlined, RollbackOutlined, SaveOutlined, SendOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, ConfigProvider, Input, Modal, Tooltip } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import {
  approveOrderType,
  discardOrderType,
  rejectOrderType,
  saveOrderType,
  submitOrderType,
  withdrawOrderType,
} from "@/api/sdk.gen";
import type { ActOffered, OrderType, TypeDraftShown } from "@/api/types.gen";
import { exact } from "@/format";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { TypeForm } from "./form";
import { Checks, Sentence, Simulation, type Trial, useProof } from "./proof";
import { Said } from "./said";
import { StageStrip } from "./strip";

interface Props {
  draft: TypeDraftShown;
  acts: readonly ActOffered[];
  onDraft: (draft: TypeDraftShown) => void;
}

/** A draft as strip, form, sentence, checks and simulation; saved, submitted, approved. */
export function TypeEditor({ draft, acts, onDraft }: Props) {
  const { t } = useTranslation(["order-types", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const ask = useConfirm();
  const mayWrite = useMay("order_type.write");
  const [type, setType] = useState<OrderType>(draft.type);
  const [base, setBase] = useState(draft);
  const [stage, pickStage] = useState(0);
  const [trial, setTrial] = useState<Trial>({ price_fen: 9_900, units: 1 });
  const isOpen = draft.state === "draft" && mayWrite;
  const isDirty = useMemo(() => JSON.stringify(type) !== JSON.stringify(base.type), [type, base]);
  useUnsaved(isDirty && isOpen);
  const proof = useProof(type, trial);
  const keep = (saved: TypeDraftShown) => {
    setBase(saved);
    setType(saved.type);
    onDraft(saved);
    void queries.invalidateQueries();
  };
  const path = { draft_id: draft.id };
  const save = useMutation({
    mutationFn: async () =>
      (await saveOrderType({ path, body: { revision: base.revision, type } })).data,
    onSuccess: (saved) => {
      keep(saved);
      notice.done(t("saved", { revision: saved.revision }));
    },
    onError: notice.failed,
  });
  const submit = useMutation({
    mutationFn: async () => {
      const saved = isDirty
        ? (await saveOrderType({ path, body: { revision: base.revision, type } })).data
        : base;
      return (await submitOrderType({ path, body: { revision: saved.revision } })).data;
    },
    onSuccess: (sent) => {
      keep(sent);
      notice.done(t("sent"));
    },
    onError: notice.failed,
  });
  const withdraw = useMutation({
    mutationFn: async () => (await withdrawOrderType({ path })).data,
    onSuccess: keep,
    onError: notice.failed,
  });
  const errors = proof?.findings.filter((one) => one.severity === "error").length ?? 0;
  const why = errors > 0 ? t("unsound", { count: errors }) : "";
  useKeys([{ keys: "ctrl+s", label: t("save"), run: () => isOpen && isDirty && save.mutate() }]);

  async function discard() {
    const name = byLocale(type.name.zh ?? "", type.name.en ?? "") || type.type;
    if (!(await ask({ title: t("discardAsk", { name }), act: t("discardIt"), isDanger: true }))) return;
    try {
      await discardOrderType({ path });
      setBase({ ...base, type });
      await queries.invalidateQueries();
      void go("/order-types");
    } catch (error) {
      notice.failed(error);
    }
  }

  const title = byLocale(type.name.zh ?? "", type.name.en ?? "") || type.type;
  return (
    <>
      <div className="order-types-middle">
        <Card
          title={title}
          note={<span className="mono">{type.type}</span>}
          extra={
            <ToneTag tone={draft.state === "published" ? "kept" : "pend"}>
              {t(`states.${draft.state}`)} v{type.version}
            </ToneTag>
          }
        >
          <div className="order-types-acts">
            <span className="note">
              {isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
            </span>
            {isOpen && (
              <>
                <Button danger onClick={() => void discard()}>
                  {t("discard")}
                </Button>
                <Button
                  icon={<SaveOutlined />}
                  disabled={!isDirty}
                  loading={save.isPending}
                  onClick={() => save.mutate()}
                >
                  {t("save")}
                </Button>
                <Tooltip title={why}>
                  <Button
                    type="primary"
                    icon={<SendOutlined />}
                    className={why ? "refused" : ""}
                    aria-disabled={why !== ""}
                    loading={submit.isPending}
                    onClick={() => !why && submit.mutate()}
                  >
                    {t("submit")}
                  </Button>
                </Tooltip>
              </>
            )}
            {draft.state === "submitted" && mayWrite && (
              <Button
                icon={<RollbackOutlined />}
                loading={withdraw.isPending}
                onClick={() => withdraw.mutate()}
              >
                {t("withdraw")}
              </Button>
            )}
          </div>
          {draft.state === "submitted" && <Approval draft={draft} onDone={keep} />}
          {draft.state === "published" && (
            <p className="order-types-banner" data-tone="kept">
              <CheckOutlined /> {t("published", { version: type.version })}
            </p>
          )}
          {proof && <Sentence proof={proof} />}
          <StageStrip type={type} picked={stage} onPick={pickStage} />
          <ConfigProvider componentDisabled={!isOpen}>
            <Said value={proof?.findings ?? []}>
              <TypeForm
                type={type}
                acts={acts}
                picked={stage}
                onChange={(changes) => setType((old) => ({ ...old, ...changes }))}
              />
            </Said>
          </ConfigProvider>
          {draft.steps.length > 0 && (
            <ol className="order-types-road" aria-label={t("road")}>
              {draft.steps.map((step, at) => (
                <li key={at}>
                  <b>{t(`steps.${step.act}`)}</b> {step.by} · {exact(step.at)}
                  {step.note && <span className="note">{step.note}</span>}
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
      <div className="order-types-proof">
        {proof ? (
          <>
            <Checks proof={proof} />
            <Simulation type={type} proof={proof} trial={trial} onTrial={setTrial} />
          </>
        ) : (
          <Skeleton kind="card" />
        )}
      </div>
    </>
  );
}

interface ApprovalProps {
  draft: TypeDraftShown;
  onDone: (draft: TypeDraftShown) => void;
}

/** What waits for a second person: who could approve, and the two answers. */
function Approval({ draft, onDone }: ApprovalProps) {
  const { t } = useTranslation(["order-types", "common"]);
  const notice = useNotice();
  const ask = useConfirm();
  const mayApprove = useMay("order_type.approve");
  const [isRejecting, reject] = useState(false);
  const [reason, setReason] = useState("");
  const path = { draft_id: draft.id };
  const approve = useMutation({
    mutationFn: async () => (await approveOrderType({ path, body: { digest: draft.digest } })).data,
    onSuccess: (done) => {
      onDone(done);
      notice.done(t("published", { version: done.type.version }));
    },
    onError: notice.failed,
  });
  const sendBack = useMutation({
    mutationFn: async () => (await rejectOrderType({ path, body: { reason: reason.trim() } })).data,
    onSuccess: (done) => {
      onDone(done);
      reject(false);
    },
  });

  async function publish() {
    const name = byLocale(draft.type.name.zh ?? "", draft.type.name.en ?? "");
    const title = t("approveAsk", { name, version: draft.type.version });
    if (await ask({ title, text: t("approveEffect"), act: t("approveIt") })) approve.mutate();
  }

  return (
    <div className="order-types-banner" data-tone="pend" role="status">
      <AuditOutlined />
      <span>
        {draft.approvers.length > 0
          ? t("waits", { people: draft.approvers.join(t("comma")) })
          : t("nobody")}
        {draft.mine && mayApprove && <span className="note">{t("mine")}</span>}
      </span>
      {mayApprove && !draft.mine && (
        <>
          <Button onClick={() => reject(true)}>{t("reject")}</Button>
          <Button type="primary" loading={approve.isPending} onClick={() => void publish()}>
            {t("approve")}
          </Button>
        </>
      )}
      {isRejecting && (
        <Modal
          open
          width={416}
          title={t("rejectAsk")}
          okText={t("reject")}
          cancelText={t("common:acts.back")}
          okButtonProps={{ disabled: !reason.trim() }}
          confirmLoading={sendBack.isPending}
          onOk={() => sendBack.mutate()}
          onCancel={() => reject(false)}
        >
          {sendBack.error && <ProblemNote problem={asProblem(sendBack.error)} />}
          <Input.TextArea
            aria-label={t("reason")}
            placeholder={t("reason")}
            maxLength={500}
            rows={3}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Modal>
      )}
    </div>
  );
}
