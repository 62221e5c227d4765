import { useMutation } from "@tanstack/react-query";
import { Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import type { DataExchange } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY } from "./model";

interface Fields {
  code: string;
  title: string;
  url: string;
  member: string;
  secret: string;
}

/** 接入数据交易所: its address, the merchant's number there, the secret that signs. */
export function ExchangeForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<Fields>();
  const save = useMutation({
    mutationFn: (told: Fields) =>
      ask<DataExchange>("/v1/data-exchanges", { method: "PUT", json: told }),
    onSuccess: async () => {
      notice.done(t("exchangeConnected"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const needed = [{ required: true, message: t("needed") }];
  return (
    <Modal
      open
      title={t("connectExchange")}
      okText={t("connectExchange")}
      cancelText={t("common:acts.back")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form<Fields>
        form={form}
        name="exchange"
        layout="vertical"
        requiredMark={false}
        onFinish={(told) => save.mutate(told)}
      >
        <Form.Item name="code" label={t("code")} rules={needed} extra={t("codeHint")}>
          <Input maxLength={32} />
        </Form.Item>
        <Form.Item name="title" label={t("exchange")} rules={needed}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="url" label={t("address")} rules={needed}>
          <Input maxLength={500} placeholder="https://" />
        </Form.Item>
        <Form.Item name="member" label={t("member")} rules={needed}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="secret" label={t("secret")} rules={needed} extra={t("secretHint")}>
          <Input.Password maxLength={200} autoComplete="off" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
