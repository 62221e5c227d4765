import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { readDraftOptions } from "@/api/@tanstack/react-query.gen";
import { beginDraft } from "@/api/sdk.gen";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { DraftEditor } from "./draft";
import { ActionList } from "./list";
import { blank } from "./model";
import { Published } from "./published";
import { useNames } from "./use-actions";
import "./contract-actions.css";

const DRAFT = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** 契约动作: list, form and proof; a lawyer models an action without YAML, a second person approves. */
export default function ContractActions() {
  const { t } = useTranslation("contractActions");
  const { id = "" } = useParams();
  const [isMaking, make] = useState(false);
  const names = useNames();
  const actions = names.actions.data;
  const first = actions?.drafts[0]?.id ?? actions?.items[0]?.code ?? "";
  const picked = id || first;
  return (
    <>
      <PageHead
        {...(id ? { back: "/contract/actions" } : {})}
        fact={
          actions &&
          t("fact", {
            published: actions.items.filter((one) => one.active).length,
            drafts: actions.drafts.length,
          })
        }
      />
      {names.actions.error && (
        <ProblemNote
          problem={asProblem(names.actions.error)}
          onRetry={() => void names.actions.refetch()}
        />
      )}
      {names.actions.isLoading && <Skeleton kind="page" />}
      {actions && (
        <div className="contract-actions" data-open={id !== ""}>
          <ActionList actions={actions} picked={picked} onNew={() => make(true)} />
          {picked &&
            (DRAFT.test(picked) ? (
              <DraftPage key={picked} id={picked} names={names} />
            ) : (
              <Published key={picked} code={picked} names={names} drafts={actions.drafts} />
            ))}
        </div>
      )}
      {isMaking && <NewAction onClose={() => make(false)} />}
    </>
  );
}

function DraftPage({ id, names }: { id: string; names: ReturnType<typeof useNames> }) {
  const options = readDraftOptions({ path: { draft_id: id } });
  const read = useQuery(options);
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return <Skeleton kind="page" />;
  return (
    <DraftEditor
      draft={read.data}
      names={names}
      onDraft={(draft) => queries.setQueryData(options.queryKey, draft)}
    />
  );
}

function NewAction({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["contractActions", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const [form] = Form.useForm<{ code: string; zh: string; en: string }>();
  const [isBusy, setBusy] = useState(false);

  async function begin(given: { code: string; zh: string; en: string }) {
    setBusy(true);
    try {
      const action = { ...blank(given.code), name: { zh: given.zh, en: given.en } };
      const { data } = await beginDraft({ body: { action } });
      await queries.invalidateQueries();
      onClose();
      void go(`/contract/actions/${data.id}`);
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }

  return (
    <Modal
      open
      width={416}
      title={t("new")}
      okText={t("begin")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(given) => void begin(given)}>
        <Form.Item
          name="zh"
          label={`${t("name")} · ${t("langs.zh")}`}
          rules={[{ required: true, whitespace: true, message: t("needed") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item
          name="en"
          label={`${t("name")} · ${t("langs.en")}`}
          rules={[{ required: true, whitespace: true, message: t("needed") }]}
        >
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item
          name="code"
          label={t("code")}
          extra={t("codeNote")}
          rules={[{ required: true, pattern: /^[a-z][a-z0-9_]{1,31}$/, message: t("codeForm") }]}
        >
          <Input maxLength={32} className="mono" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
