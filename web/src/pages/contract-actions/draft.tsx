import { DiffOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, ConfigProvider } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { listActionTypeVersionsOptions, readActionTypeOptions } from "@/api/@tanstack/react-query.gen";
import { discardDraft, saveDraft, submitDraft, withdrawDraft } from "@/api/sdk.gen";
import type { Action, DraftShown } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DraftActs } from "@/parts/draft-acts";
import { DraftPublished } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Approval, Road } from "./approval";
import { DiffDialog } from "./diff-dialog";
import { Findings } from "./field";
import { ActionForm } from "./form";
import { ProofCards, Sentence } from "./proof";
import { type useNames, useProof } from "./use-actions";

interface Props {
  draft: DraftShown;
  names: ReturnType<typeof useNames>;
  onDraft: (draft: DraftShown) => void;
}

/** A draft as form, sentence, proof and YAML; saved, compared, submitted. */
export function DraftEditor({ draft, names, onDraft }: Props) {
  const { t } = useTranslation(["contractActions", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const ask = useConfirm();
  const mayWrite = useMay("contract.write");
  const [action, setAction] = useState<Action>(draft.action);
  const [base, setBase] = useState(draft);
  const [clash, setClash] = useState<DraftShown>();
  const [isComparing, compare] = useState(false);
  const isOpen = draft.state === "draft" && mayWrite;
  const isDirty = useMemo(
    () => JSON.stringify(action) !== JSON.stringify(base.action),
    [action, base],
  );
  useUnsaved(isDirty && isOpen);
  const proof = useProof(action);
  const isKnown = names.actions.data?.items.some((one) => one.code === draft.code) ?? false;
  const live = useLive(draft.code, isKnown);
  const keep = (saved: DraftShown) => {
    setBase(saved);
    setAction(saved.action);
    onDraft(saved);
    void queries.invalidateQueries({ queryKey: names.key });
  };
  const failed = (error: unknown) => {
    const problem = asProblem(error);
    if (problem.code === "draft_changed") setClash(problem.parameters.now as DraftShown);
    else notice.failed(error);
  };
  const path = { draft_id: draft.id };
  const put = async (revision: number) =>
    isDirty ? (await saveDraft({ path, body: { revision, action } })).data : base;
  const save = async (revision: number) => {
    const saved = await put(revision);
    keep(saved);
    notice.done(t("saved", { revision: saved.revision }));
  };
  const submit = async () => {
    const { revision } = await put(base.revision);
    keep((await submitDraft({ path, body: { revision } })).data);
    notice.done(t("sent"));
  };
  const withdraw = async () => keep((await withdrawDraft({ path })).data);
  const errors = proof?.findings.filter((one) => one.severity === "error").length ?? 0;
  const why = errors > 0 ? t("unprovable", { count: errors }) : "";
  useKeys([
    {
      keys: "ctrl+s",
      label: t("save"),
      run: () => void (isOpen && isDirty && save(base.revision).catch(failed)),
    },
  ]);

  async function discard() {
    const name = byLocale(action.name.zh, action.name.en) || draft.code;
    if (!(await ask({ title: t("discard.ask", { name }), act: t("discard.it"), isDanger: true }))) return;
    await discardDraft({ path });
    setBase({ ...base, action });
    await queries.invalidateQueries({ queryKey: names.key });
    void go("/contract/actions");
  }

  if (!names.words.data) return <Skeleton kind="page" />;
  return (
    <>
      <div className="action-middle">
        <Card
          title={byLocale(action.name.zh, action.name.en) || draft.code}
          note={<span className="mono">{draft.code}</span>}
          extra={
            <ToneTag tone="pend">
              {t(`states.${draft.state}`)} v{action.version}
            </ToneTag>
          }
        >
          <DraftActs
            note={isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
            state={draft.state}
            mayWrite={mayWrite}
            isDirty={isDirty}
            why={why}
            words={{
              discard: t("discard.act"),
              save: t("save"),
              submit: t("submit"),
              withdraw: t("withdraw"),
            }}
            acts={{ discard, save: () => save(base.revision), submit, withdraw }}
            onFailed={failed}
          >
            {live && (
              <Button icon={<DiffOutlined />} onClick={() => compare(true)}>
                {t("diff.with", { version: live.version })}
              </Button>
            )}
          </DraftActs>
          {draft.state === "submitted" && <Approval draft={draft} onDone={keep} />}
          {draft.state === "published" && (
            <DraftPublished text={t("published", { version: action.version })} />
          )}
          {proof && <Sentence proof={proof} />}
          <ConfigProvider componentDisabled={!isOpen}>
            <Findings value={proof?.findings ?? []}>
              <ActionForm
                action={action}
                words={names.words.data}
                others={names.others}
                calendars={names.calendars}
                onChange={(changes) => setAction((old) => ({ ...old, ...changes }))}
              />
            </Findings>
          </ConfigProvider>
          <Road draft={draft} />
        </Card>
      </div>
      {proof ? <ProofCards proof={proof} /> : <Skeleton kind="card" />}
      {isComparing && live && (
        <DiffDialog
          title={t("diff.title", { from: live.version, to: action.version })}
          before={live.action}
          after={action}
          beforeName={t("inForce", { version: live.version })}
          afterName={t("states.draft")}
          onClose={() => compare(false)}
        />
      )}
      {clash && (
        <DiffDialog
          title={t("clash.title")}
          note={t("clash.note", { who: clash.edited_by })}
          before={clash.action}
          after={action}
          beforeName={t("clash.theirs", { who: clash.edited_by })}
          afterName={t("clash.mine")}
          okText={t("clash.takeTheirs")}
          onOk={() => {
            keep(clash);
            setClash(undefined);
          }}
          onClose={() => {
            // What is typed stays; saving again writes it over what is shown at the left.
            setBase(clash);
            setClash(undefined);
          }}
        />
      )}
    </>
  );
}

/** The version in force beneath a draft, if there is one. */
function useLive(code: string, isKnown: boolean): { version: number; action: Action } | undefined {
  const versions = useQuery({
    ...listActionTypeVersionsOptions({ path: { code } }),
    enabled: isKnown,
  });
  const row = versions.data?.items.find((one) => one.active) ?? versions.data?.items[0];
  const read = useQuery({
    ...readActionTypeOptions({ path: { digest: row?.digest ?? "" } }),
    enabled: row !== undefined,
  });
  return row && read.data ? { version: row.version, action: read.data.action } : undefined;
}
