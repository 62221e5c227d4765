import { StopOutlined } from "@ant-design/icons";
import { Button, DatePicker, Form, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { type Block, KEY, list, readBlocks, unlist } from "./api";

const KINDS = ["receiver", "buyer", "address"] as const;

/** 黑名单: who is listed, why, until when; the text itself is never kept. */
export function Lists() {
  const { t } = useTranslation("intercepts");
  const notice = useNotice();
  const mayAct = useMay("order.hold");
  const [isNew, make] = useState(false);
  const found = useKeyset<Block>({ queryKey: [...KEY, "blocks"], fetch: readBlocks });
  async function drop(one: Block) {
    try {
      await unlist(one.id);
      await queries.invalidateQueries({ queryKey: [...KEY, "blocks"] });
      notice.done(t("lists.dropped", { hint: one.hint }));
    } catch (error) {
      notice.failed(error);
    }
  }
  const columns: SmallColumn<Block>[] = [
    { key: "kind", title: t("lists.kind"), render: (one) => t(`lists.kinds.${one.kind}`) },
    { key: "hint", title: t("lists.hint"), render: (one) => <code>{one.hint}</code> },
    { key: "reason", title: t("lists.reason"), render: (one) => one.reason },
    { key: "until", title: t("lists.until"), render: (one) => (one.until ? dated(one.until) : t("lists.forever")) },
    { key: "by", title: t("lists.by"), render: (one) => one.by },
    { key: "at", title: t("lists.at"), render: (one) => dated(one.at) },
    {
      key: "act",
      title: "",
      render: (one) =>
        mayAct && (
          <Button size="small" onClick={() => void drop(one)}>
            {t("lists.drop")}
          </Button>
        ),
    },
  ];
  return (
    <Card
      title={t("lists.title")}
      note={t("lists.note")}
      extra={
        mayAct && (
          <Button size="small" icon={<StopOutlined />} onClick={() => make(true)}>
            {t("lists.add")}
          </Button>
        )
      }
      isFlush
    >
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.onRetry} />}
      {found.isLoading ? (
        <Skeleton kind="rows" rows={4} />
      ) : (
        <SmallTable caption={t("lists.title")} columns={columns} rows={found.rows} keyOf={(one) => one.id} empty={t("lists.empty")} />
      )}
      {found.hasMore && (
        <Button block type="text" onClick={found.onMore}>
          {t("lists.more")}
        </Button>
      )}
      {isNew && <NewEntry onClose={() => make(false)} />}
    </Card>
  );
}

interface Values {
  kind: (typeof KINDS)[number];
  channel?: string;
  value: string;
  reason: string;
  until?: Dayjs | null;
}

function NewEntry({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["intercepts", "common"]);
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch("kind", form) ?? "receiver";
  const needed = [{ required: true, whitespace: true, message: t("lists.needed") }];
  async function submit(values: Values) {
    setBusy(true);
    try {
      await list({
        kind: values.kind,
        channel: values.kind === "buyer" ? (values.channel ?? "").trim() : "",
        value: values.value.trim(),
        reason: values.reason.trim(),
        until: values.until ? values.until.endOf("day").toISOString() : "",
      });
      await queries.invalidateQueries({ queryKey: [...KEY, "blocks"] });
      notice.done(t("lists.added"));
      onClose();
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }
  return (
    <Modal
      open
      width={416}
      title={t("lists.add")}
      okText={t("lists.do")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ kind: "receiver" }} onFinish={(values) => void submit(values)}>
        <Form.Item name="kind" label={t("lists.kind")}>
          <Select options={KINDS.map((one) => ({ value: one, label: t(`lists.kinds.${one}`) }))} />
        </Form.Item>
        {kind === "buyer" && (
          <Form.Item name="channel" label={t("lists.channel")} rules={needed}>
            <Input maxLength={64} />
          </Form.Item>
        )}
        <Form.Item name="value" label={t("lists.value")} rules={needed}>
          <Input maxLength={500} />
        </Form.Item>
        <Form.Item name="reason" label={t("lists.reason")} rules={needed}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="until" label={t("lists.until")}>
          <DatePicker minDate={dayjs()} placeholder={t("lists.forever")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
