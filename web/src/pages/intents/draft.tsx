import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  approveIntents,
  checkIntents,
  discardIntents,
  rejectIntents,
  saveIntents,
  submitIntents,
  withdrawIntents,
} from "@/api/sdk.gen";
import type { IntentBook, IntentDraftShown, IntentGraph } from "@/api/types.gen";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DraftActs } from "@/parts/draft-acts";
import { DraftApproval, DraftStepLine } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Columns } from "./columns";
import { EquipmentCard } from "./equipment";
import { Expert } from "./expert";
import { blank, codeFor, type Kind, keyOf, putNode, unite } from "./model";
import { NodeCard } from "./node";
import { Changes, Checks, Trial } from "./trial";

const WAIT_MS = 700;

/** What the hub says of the draft, a moment after the last key. */
function useChecked(own: IntentGraph) {
  const now = JSON.stringify(own);
  const [asked, setAsked] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), WAIT_MS);
    return () => clearTimeout(timer);
  }, [now]);
  const read = useQuery({
    queryKey: ["intentsChecked", asked],
    queryFn: async ({ signal }) =>
      (await checkIntents({ body: { graph: JSON.parse(asked) }, signal })).data,
    placeholderData: (before) => before,
    staleTime: 60_000,
    retry: false,
  });
  return {
    checked: read.data,
    error: read.error,
    isBehind: asked !== now || read.isPlaceholderData || read.isLoading,
  };
}

interface Props {
  book: IntentBook;
  draft: IntentDraftShown;
  onDraft: (draft: IntentDraftShown) => void;
}

/** The draft: columns and forms, what stands in the way, what becomes different; its road. */
export function DraftPage({ book, draft, onDraft }: Props) {
  const { t } = useTranslation(["intents", "common"]);
  const notice = useNotice();
  const ask = useConfirm();
  const mayWrite = useMay("intent.write");
  const [own, setOwn] = useState<IntentGraph>(draft.graph);
  const [base, setBase] = useState(draft);
  const [picked, setPicked] = useState<{ kind: Kind; code: string }>();
  const isOpen = draft.state === "draft" && mayWrite;
  const isDirty = useMemo(() => JSON.stringify(own) !== JSON.stringify(base.graph), [own, base]);
  useUnsaved(isDirty && isOpen);
  const { checked, error, isBehind } = useChecked(own);
  const whole = useMemo(() => unite(book.base, own), [book.base, own]);
  const findings = checked?.findings ?? [];
  const path = { draft_id: draft.id };
  const keep = (saved: IntentDraftShown) => {
    setBase(saved);
    setOwn(saved.graph);
    onDraft(saved);
    void queries.invalidateQueries();
  };
  const put = async () =>
    isDirty ? (await saveIntents({ path, body: { revision: base.revision, graph: own } })).data : base;
  const save = async () => {
    const saved = await put();
    keep(saved);
    notice.done(t("saved", { revision: saved.revision }));
  };
  const submit = async () => {
    const { revision } = await put();
    keep((await submitIntents({ path, body: { revision } })).data);
    notice.done(t("sent"));
  };
  const withdraw = async () => keep((await withdrawIntents({ path })).data);
  async function discard() {
    if (!(await ask({ title: t("discardAsk"), act: t("discardIt"), isDanger: true }))) return;
    await discardIntents({ path });
    setBase({ ...base, graph: own });
    await queries.invalidateQueries();
  }
  useKeys([
    {
      keys: "ctrl+s",
      label: t("save"),
      run: () => void (isOpen && isDirty && save().catch(notice.failed)),
    },
  ]);
  const pick = (kind: Kind, code: string) => setPicked({ kind, code });
  const add = (kind: Kind, title: string) => {
    const code = codeFor(whole, kind, title);
    setOwn((old) => putNode(old, kind, code, { ...blank(kind, code), title }));
    pick(kind, code);
  };
  const why = isBehind ? t("checking") : findings.length > 0 ? t("unsound", { count: findings.length }) : "";
  return (
    <>
      <Card
        title={t("draft")}
        extra={<ToneTag tone="pend">{t(`states.${draft.state}`)}</ToneTag>}
      >
        <DraftActs
          note={isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
          state={draft.state}
          mayWrite={mayWrite}
          isDirty={isDirty}
          why={why}
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
        {error && <ProblemNote problem={asProblem(error)} />}
        {draft.steps.length > 0 && (
          <ol className="intents-road" aria-label={t("road")}>
            {draft.steps.map((step, at) => (
              <DraftStepLine key={at} step={step} word={t(`steps.${step.act}`)} />
            ))}
          </ol>
        )}
      </Card>
      <div className="intents">
        <div className="intents-main">
          <Columns
            graph={whole}
            own={own}
            picked={picked ? keyOf(picked.kind, picked.code) : ""}
            findings={findings}
            isOpen={isOpen}
            onPick={pick}
            onAdd={add}
          />
          <EquipmentCard graph={whole} isOpen={isOpen} onPick={pick} onAdd={add} />
          <Expert turtle={checked?.turtle ?? ""} isOpen={isOpen} onRead={setOwn} />
        </div>
        <div className="intents-side">
          <Checks checked={checked} isBehind={isBehind} whole={whole} onPick={pick} />
          {picked && (
            <NodeCard
              key={keyOf(picked.kind, picked.code)}
              {...picked}
              base={book.base}
              own={own}
              whole={whole}
              findings={findings}
              isOpen={isOpen}
              onChange={(node) => setOwn((old) => putNode(old, picked.kind, picked.code, node))}
            />
          )}
          <Trial graph={whole} own={own} />
          <Changes changes={checked?.changes ?? []} graph={whole} />
        </div>
      </div>
    </>
  );
}

/** What waits for a second person. */
function Approval({ draft, onDone }: { draft: IntentDraftShown; onDone: Props["onDraft"] }) {
  const { t } = useTranslation("intents");
  const notice = useNotice();
  const mayApprove = useMay("intent.approve");
  const path = { draft_id: draft.id };
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
          title: t("approveAsk", { count: draft.changes.length }),
          text: t("approveEffect"),
          act: t("approveIt"),
        },
        back: { title: t("rejectAsk"), act: t("reject"), reason: t("reason") },
      }}
      onApprove={async () => {
        onDone((await approveIntents({ path, body: { digest: draft.digest } })).data);
        notice.done(t("publishedIt"));
      }}
      onReject={async (reason) => onDone((await rejectIntents({ path, body: { reason } })).data)}
    />
  );
}
