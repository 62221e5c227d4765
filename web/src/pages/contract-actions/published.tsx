import { DiffOutlined, FormOutlined, SafetyCertificateOutlined, StopOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, ConfigProvider, Input, Modal, Select, Tooltip } from "antd";
import { useState } from "react";
import "@/parts/draft-acts.css";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import {
  listActionTypeVersionsOptions,
  readActionTypeOptions,
} from "@/api/@tanstack/react-query.gen";
import { beginDraft, retireActionType } from "@/api/sdk.gen";
import type { Action, ActionRow, DraftRow } from "@/api/types.gen";
import { exact } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { DiffDialog } from "./diff-dialog";
import { Findings } from "./field";
import { ActionForm } from "./form";
import { ProofCards, Sentence } from "./proof";
import type { useNames } from "./use-actions";

interface Props {
  code: string;
  names: ReturnType<typeof useNames>;
  drafts: readonly DraftRow[];
}

/** A published version, read only; its next one is a draft. */
export function Published({ code, names, drafts }: Props) {
  const { t } = useTranslation("contractActions");
  const { asked, ask } = useAsked();
  const versions = useQuery(listActionTypeVersionsOptions({ path: { code } }));
  const rows = versions.data?.items ?? [];
  const row = rows.find((one) => String(one.version) === asked("v")) ?? rows[0];
  const before = rows.find((one) => row && one.version < row.version);
  const read = useQuery({
    ...readActionTypeOptions({ path: { digest: row?.digest ?? "" } }),
    enabled: row !== undefined,
  });
  if (versions.error) return <ProblemNote problem={asProblem(versions.error)} />;
  if (!row || !read.data || !names.words.data) return <Skeleton kind="page" />;
  const { action, proof } = read.data;
  return (
    <>
      <div className="action-middle">
        <Card
          title={byLocale(action.name.zh, action.name.en)}
          note={<span className="mono">{code}</span>}
          extra={
            <Select
              size="small"
              aria-label={t("version")}
              value={row.version}
              options={rows.map((one) => ({
                value: one.version,
                label: one.active ? t("inForce", { version: one.version }) : `v${one.version}`,
              }))}
              onChange={(version: number) => ask({ v: String(version) })}
            />
          }
        >
          <Acts
            row={row}
            action={action}
            before={before}
            drafts={drafts}
            isOfPeople={!names.words.data.outsiders.some((one) => action.who.roles.includes(one.code))}
          />
          <Sentence proof={proof} />
          <ConfigProvider componentDisabled>
            <Findings value={proof.findings}>
              <ActionForm
                action={action}
                words={names.words.data}
                others={names.others}
                calendars={names.calendars}
                onChange={() => undefined}
              />
            </Findings>
          </ConfigProvider>
        </Card>
      </div>
      <ProofCards proof={proof} />
    </>
  );
}

interface ActsProps {
  row: ActionRow;
  action: Action;
  before: ActionRow | undefined;
  drafts: readonly DraftRow[];
  /** Whether people do it, who can sign. */
  isOfPeople: boolean;
}

function Acts({ row, action, before, drafts, isOfPeople }: ActsProps) {
  const { t } = useTranslation(["contractActions", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const mayWrite = useMay("contract.write");
  const mayRetire = useMay("contract.approve");
  const [isComparing, compare] = useState(false);
  const [isRetiring, setRetiring] = useState(false);
  const open = drafts.find((one) => one.code === row.code);
  const old = useQuery({
    ...readActionTypeOptions({ path: { digest: before?.digest ?? "" } }),
    enabled: isComparing && before !== undefined,
  });
  const begin = useMutation({
    mutationFn: async (next: Action) => (await beginDraft({ body: { action: next } })).data,
    onSuccess: async (draft) => {
      await queries.invalidateQueries();
      void go(`/contract/actions/${draft.id}`);
    },
    onError: notice.failed,
  });
  return (
    <div className="draft-acts">
      <span>
        {row.active ? (
          <ToneTag tone="kept">{t("inForce", { version: row.version })}</ToneTag>
        ) : (
          <ToneTag tone="excused">{row.retired ? t("retired") : t("replaced")}</ToneTag>
        )}{" "}
        <span className="note">
          {row.drafted_by === "danshu"
            ? t("shipped")
            : t("signed", { drafted: row.drafted_by, approved: row.approved_by })}
          {" · "}
          {exact(row.published)}
        </span>
      </span>
      {before && (
        <Button icon={<DiffOutlined />} onClick={() => compare(true)}>
          {t("diff.with", { version: before.version })}
        </Button>
      )}
      {mayRetire && row.active && (
        <Button icon={<StopOutlined />} onClick={() => setRetiring(true)}>
          {t("retire.act")}
        </Button>
      )}
      {mayWrite && !open && row.active && isOfPeople && (action.who.grade ?? "B") === "B" && (
        <Tooltip title={t("signedNote")}>
          <Button
            icon={<SafetyCertificateOutlined />}
            loading={begin.isPending}
            onClick={() =>
              begin.mutate({ ...action, who: { ...action.who, grade: "A", device_bound: true } })
            }
          >
            {t("toSigned")}
          </Button>
        </Tooltip>
      )}
      {mayWrite && (
        <Button
          type="primary"
          icon={<FormOutlined />}
          loading={begin.isPending}
          onClick={() => (open ? void go(`/contract/actions/${open.id}`) : begin.mutate(action))}
        >
          {t(open ? "toDraft" : "next", { version: row.version + 1 })}
        </Button>
      )}
      {isComparing && before && old.data && (
        <DiffDialog
          title={t("diff.title", { from: before.version, to: row.version })}
          before={old.data.action}
          after={action}
          beforeName={`v${before.version}`}
          afterName={`v${row.version}`}
          onClose={() => compare(false)}
        />
      )}
      {isRetiring && (
        <Retire code={row.code} name={byLocale(row.name_zh, row.name_en)} onClose={() => setRetiring(false)} />
      )}
    </div>
  );
}

function Retire(props: { code: string; name: string; onClose: () => void }) {
  const { t } = useTranslation(["contractActions", "common"]);
  const notice = useNotice();
  const [reason, setReason] = useState("");
  const retire = useMutation({
    mutationFn: async () =>
      await retireActionType({ path: { code: props.code }, body: { reason: reason.trim() } }),
    onSuccess: async () => {
      notice.done(t("retire.done", { name: props.name }));
      props.onClose();
      await queries.invalidateQueries();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("retire.ask", { name: props.name })}
      okText={t("retire.it", { name: props.name })}
      cancelText={t("common:acts.back")}
      okButtonProps={{ danger: true, disabled: !reason.trim() }}
      confirmLoading={retire.isPending}
      onOk={() => retire.mutate()}
      onCancel={props.onClose}
    >
      <p>{t("retire.effect")}</p>
      {retire.error && <ProblemNote problem={asProblem(retire.error)} />}
      <Input
        aria-label={t("reason")}
        placeholder={t("reason")}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}
