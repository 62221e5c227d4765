import { CopyOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal, Select, Space, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useConfirm } from "@/parts/confirm";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";

interface Key {
  id: string;
  name: string;
  role: string;
  created: string;
  revoked: string;
}

interface Issued {
  id: string;
  name: string;
  role: string;
  key: string;
}

const KEYS_KEY = ["keys"];
const ROLES = ["operator", "warehouse", "channel", "sensor", "viewer", "admin"] as const;

/** API 密钥: systems that act for the merchant. A key is shown once; only its digest is kept. */
export default function Keys() {
  const { t } = useTranslation(["keys", "common"]);
  const [isMaking, setMaking] = useState(false);
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const list = useQuery({
    queryKey: KEYS_KEY,
    queryFn: () => ask<{ items: Key[] }>("/v1/keys"),
  });
  const revoke = useMutation({
    mutationFn: async (key: Key) => {
      const isMeant = await confirm({
        title: t("revokeAsk", { name: key.name }),
        text: t("revokeNote"),
        act: t("revokeIt", { name: key.name }),
        isDanger: true,
      });
      if (!isMeant) return "";
      let isDone = false;
      await proven(async () => {
        await ask<undefined>(`/v1/keys/${key.id}`, { method: "DELETE" });
        isDone = true;
      });
      return isDone ? key.name : "";
    },
    onSuccess: async (name) => {
      if (name) notice.done(t("revokedSaid", { name }));
      await queries.invalidateQueries({ queryKey: KEYS_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const { mutate } = revoke;
  const columns = useMemo<Column<Key>[]>(() => {
    const role = (k: Key) => t(`roles.${k.role}`, { defaultValue: k.role });
    const state = (k: Key) => t(k.revoked ? "revoked" : "valid");
    const plain = (key: string, width: number, text: (k: Key) => string): Column<Key> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      { ...plain("name", 180, (k) => k.name), fixed: true },
      { ...plain("id", 150, (k) => k.id), least: 130, render: (k) => <span className="mono">{k.id}</span> },
      plain("role", 160, role),
      {
        ...plain("state", 110, state),
        render: (k) => <Tag color={k.revoked ? "default" : "success"}>{state(k)}</Tag>,
      },
      plain("created", 150, (k) => near(k.created)),
      plain("ended", 150, (k) => (k.revoked ? near(k.revoked) : "—")),
      {
        ...plain("act", 100, () => ""),
        least: 96,
        render: (k) =>
          k.revoked ? (
            ""
          ) : (
            <Button size="small" danger onClick={() => mutate(k)}>
              {t("revoke")}
            </Button>
          ),
      },
    ];
  }, [t, mutate]);
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t("issue")}
          </Button>
        }
      />
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.data?.items ?? []}
        keyOf={(k) => k.id}
        nameOf={(k) => k.name}
        total={list.data?.items.length}
        isLoading={list.isLoading}
        problem={list.error ? asProblem(list.error) : null}
        onRetry={() => void list.refetch()}
        empty={t("empty")}
      />
      {isMaking && <Issue onClose={() => setMaking(false)} />}
    </>
  );
}

function Issue({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["keys", "common"]);
  const [form] = Form.useForm<{ name: string; role: string }>();
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const issue = useMutation({
    mutationFn: (given: { name: string; role: string }) =>
      proven(() => ask<Issued>("/v1/keys", { method: "POST", json: given })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEYS_KEY }),
  });
  const made = issue.data;
  return (
    <Modal
      open
      title={made ? t("issued", { name: made.name }) : t("issue")}
      okText={made ? t("common:acts.close") : t("issueIt")}
      cancelText={t("common:acts.back")}
      cancelButtonProps={made ? { hidden: true } : {}}
      confirmLoading={issue.isPending}
      onOk={() => (made ? onClose() : form.submit())}
      onCancel={onClose}
    >
      {made ? (
        <>
          <Alert type="warning" showIcon title={t("once")} />
          <Space.Compact block className="hand-over">
            <Input readOnly value={made.key} aria-label={t("caption")} onFocus={(e) => e.target.select()} />
            <Button
              icon={<CopyOutlined />}
              onClick={() => {
                void navigator.clipboard.writeText(made.key).then(() => notice.done(t("copied")));
              }}
            >
              {t("copy")}
            </Button>
          </Space.Compact>
        </>
      ) : (
        <Form
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{ role: "operator" }}
          onFinish={(given: { name: string; role: string }) => issue.mutate(given)}
        >
          {issue.error && (
            <Alert type="error" showIcon role="alert" title={words(asProblem(issue.error))} />
          )}
          <Form.Item
            name="name"
            label={t("columns.name")}
            extra={t("nameHint")}
            rules={[{ required: true, message: t("nameMissing") }]}
          >
            <Input maxLength={100} autoFocus />
          </Form.Item>
          <Form.Item name="role" label={t("columns.role")} extra={t("roleHint")}>
            <Select options={ROLES.map((role) => ({ value: role, label: t(`roles.${role}`) }))} />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
