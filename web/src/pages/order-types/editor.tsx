import { ConfigProvider } from "antd";
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
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DraftActs } from "@/parts/draft-acts";
import { DraftApproval, DraftPublished, DraftStepLine } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
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
  const put = async () =>
    isDirty
      ? (await saveOrderType({ path, body: { revision: base.revision, type } })).data
      : base;
  const save = async () => {
    const saved = await put();
    keep(saved);
    notice.done(t("saved", { revision: saved.revision }));
  };
  const submit = async () => {
    const { revision } = await put();
    keep((await submitOrderType({ path, body: { revision } })).data);
    notice.done(t("sent"));
  };
  const withdraw = async () => keep((await withdrawOrderType({ path })).data);
  const errors = proof?.findings.filter((one) => one.severity === "error").length ?? 0;
  const why = errors > 0 ? t("unsound", { count: errors }) : "";
  useKeys([{ keys: "ctrl+s", label: t("save"), run: () => void (isOpen && isDirty && save().catch(notice.failed)) }]);

  async function discard() {
    const name = byLocale(type.name.zh ?? "", type.name.en ?? "") || type.type;
    if (!(await ask({ title: t("discardAsk", { name }), act: t("discardIt"), isDanger: true }))) return;
    await discardOrderType({ path });
    setBase({ ...base, type });
    await queries.invalidateQueries();
    void go("/order-types");
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
          <DraftActs
            note={isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
            state={draft.state}
            mayWrite={mayWrite}
            isDirty={isDirty}
            why={why}
            words={{ discard: t("discard"), save: t("save"), submit: t("submit"), withdraw: t("withdraw") }}
            acts={{ discard, save, submit, withdraw }}
            onFailed={notice.failed}
          />
          {draft.state === "submitted" && <Approval draft={draft} onDone={keep} />}
          {draft.state === "published" && (
            <DraftPublished text={t("published", { version: type.version })} />
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
                <DraftStepLine key={at} step={step} word={t(`steps.${step.act}`)} />
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

/** What waits for a second person. */
function Approval({ draft, onDone }: ApprovalProps) {
  const { t } = useTranslation("order-types");
  const notice = useNotice();
  const mayApprove = useMay("order_type.approve");
  const path = { draft_id: draft.id };
  const version = draft.type.version;
  const name = byLocale(draft.type.name.zh ?? "", draft.type.name.en ?? "");
  return (
    <DraftApproval
      draft={draft}
      mayApprove={mayApprove}
      words={{
        waits:
          draft.approvers.length > 0
            ? t("waits", { people: draft.approvers.join(t("comma")) })
            : t("nobody"),
        mine: t("mine"),
        approve: t("approve"),
        reject: t("reject"),
        ask: { title: t("approveAsk", { name, version }), text: t("approveEffect"), act: t("approveIt") },
        back: { title: t("rejectAsk"), act: t("reject"), reason: t("reason") },
      }}
      onApprove={async () => {
        onDone((await approveOrderType({ path, body: { digest: draft.digest } })).data);
        notice.done(t("published", { version }));
      }}
      onReject={async (reason) => onDone((await rejectOrderType({ path, body: { reason } })).data)}
    />
  );
}
