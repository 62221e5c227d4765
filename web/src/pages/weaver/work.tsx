import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import {
  approveWoven,
  discardWoven,
  rejectWoven,
  saveWoven,
  submitWoven,
  withdrawWoven,
} from "@/api/sdk.gen";
import type { WovenDraftShown } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DraftActs } from "@/parts/draft-acts";
import { DraftApproval, DraftPublished, DraftStepLine } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { AnswerPart, ReadingsPart, RulesPart } from "./answer";
import { AuthPart, CallPart } from "./auth";
import { QuestionPart, RequestPart } from "./request";
import { SourcePart } from "./source";
import { ChecksPart, LivePart, SamplePart } from "./trial";
import { plain, Said, usePreview, type Whole, whole } from "./woven";

interface Props {
  draft: WovenDraftShown;
  onDraft: (draft: WovenDraftShown) => void;
}

/** A draft as source, mapping, and authentication with trials; saved, submitted, approved. */
export function WovenEditor({ draft, onDraft }: Props) {
  const { t } = useTranslation(["weaver", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const ask = useConfirm();
  const mayWrite = useMay("woven.write");
  const [woven, setWoven] = useState<Whole>(whole(draft.woven));
  const [base, setBase] = useState(draft);
  const isOpen = draft.state === "draft" && mayWrite;
  const isDirty = useMemo(() => JSON.stringify(woven) !== JSON.stringify(base.woven), [woven, base]);
  useUnsaved(isDirty && isOpen);
  const preview = usePreview(woven);
  const change = (changes: Partial<Whole>) => setWoven((old) => ({ ...old, ...changes }));
  const keep = (saved: WovenDraftShown) => {
    setBase(saved);
    setWoven(whole(saved.woven));
    onDraft(saved);
    void queries.invalidateQueries();
  };
  const path = { draft_id: draft.id };
  const put = async () =>
    isDirty
      ? (await saveWoven({ path, body: { revision: base.revision, woven: plain(woven) } })).data
      : base;
  const save = async () => {
    const saved = await put();
    keep(saved);
    notice.done(t("saved", { revision: saved.revision }));
  };
  const submit = async () => {
    const { revision } = await put();
    keep((await submitWoven({ path, body: { revision } })).data);
    notice.done(t("sent"));
  };
  const withdraw = async () => keep((await withdrawWoven({ path })).data);
  const { shown } = preview;
  const errors = shown?.findings.filter((one) => one.severity === "error").length ?? 0;
  const title = byLocale(woven.zh, woven.en) || woven.code;
  useKeys([
    {
      keys: "ctrl+s",
      label: t("save"),
      run: () => void (isOpen && isDirty && save().catch(notice.failed)),
    },
  ]);

  async function discard() {
    if (!(await ask({ title: t("discardAsk", { name: title }), act: t("discardIt"), isDanger: true })))
      return;
    await discardWoven({ path });
    setBase({ ...base, woven: plain(woven) });
    await queries.invalidateQueries();
    void go("/weaver");
  }

  return (
    <Said value={shown}>
      <Card
        title={title}
        note={<span className="mono">{woven.code}</span>}
        extra={
          <ToneTag tone={draft.state === "published" ? "kept" : "pend"}>
            {t(`states.${draft.state}`)} v{woven.version}
          </ToneTag>
        }
      >
        <DraftActs
          note={isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
          state={draft.state}
          mayWrite={mayWrite}
          isDirty={isDirty}
          why={errors > 0 ? t("unsound", { count: errors }) : ""}
          words={{
            discard: t("discard"),
            save: t("save"),
            submit: t("submit"),
            withdraw: t("withdraw"),
          }}
          acts={{ discard, save, submit, withdraw }}
          onFailed={notice.failed}
        />
        {draft.state === "submitted" && <Approval draft={draft} onDone={keep} />}
        {draft.state === "published" && (
          <DraftPublished text={t("publishedIt", { version: woven.version })} />
        )}
        {draft.steps.length > 0 && (
          <ol className="weaver-road" aria-label={t("road")}>
            {draft.steps.map((step, at) => (
              <DraftStepLine key={at} step={step} word={t(`steps.${step.act}`)} />
            ))}
          </ol>
        )}
      </Card>
      <div className="weaver-work">
        <div className="weaver-column">
          <SourcePart woven={woven} isOpen={isOpen} onChange={change} />
        </div>
        <div className="weaver-column">
          <QuestionPart woven={woven} isOpen={isOpen} onChange={change} />
          <RequestPart woven={woven} isOpen={isOpen} onChange={change} />
          <AnswerPart woven={woven} isOpen={isOpen} onChange={change} />
          <RulesPart woven={woven} isOpen={isOpen} onChange={change} />
          <ReadingsPart woven={woven} isOpen={isOpen} onChange={change} />
        </div>
        <div className="weaver-column">
          <ChecksPart shown={shown} />
          <AuthPart
            woven={woven}
            isOpen={isOpen}
            hasSecret={shown?.has_secret ?? false}
            origin={shown?.origin ?? ""}
            onChange={change}
          />
          <SamplePart preview={preview} />
          <LivePart woven={woven} mayTry={mayWrite && errors === 0 && shown !== undefined} />
          <CallPart woven={woven} isOpen={isOpen} onChange={change} />
        </div>
      </div>
    </Said>
  );
}

/** What waits for a second person. */
function Approval({ draft, onDone }: { draft: WovenDraftShown; onDone: Props["onDraft"] }) {
  const { t } = useTranslation("weaver");
  const notice = useNotice();
  const mayApprove = useMay("woven.approve");
  const path = { draft_id: draft.id };
  const { version = 1, zh = "", en = "" } = draft.woven;
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
        ask: {
          title: t("approveAsk", { name: byLocale(zh, en), version }),
          text: t("approveEffect"),
          act: t("approveIt"),
        },
        back: { title: t("rejectAsk"), act: t("reject"), reason: t("reason") },
      }}
      onApprove={async () => {
        onDone((await approveWoven({ path, body: { digest: draft.digest } })).data);
        notice.done(t("publishedIt", { version }));
      }}
      onReject={async (reason) => onDone((await rejectWoven({ path, body: { reason } })).data)}
    />
  );
}
