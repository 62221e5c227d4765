import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { AlertChannel, AlertChannels, NewAlertChannel } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { CHANNELS } from "./paths";

interface Props {
  /** The channel to change, null for a new one. */
  found: AlertChannel | null;
  adapters: readonly string[];
  onClose: () => void;
}

/** Robots of 企业微信 know no secret beside their address. */
const BARE = new Set(["wecom"]);

/** Adds a channel, or changes one; an address or secret left empty stays as it is. */
export function ChannelForm({ found, adapters, onClose }: Props) {
  const { t } = useTranslation(["alerts", "common"]);
  const [form] = Form.useForm<NewAlertChannel>();
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const adapter = Form.useWatch("adapter", form) ?? found?.adapter ?? adapters[0] ?? "";
  const isSame = found?.adapter === adapter;
  const keep = useMutation({
    mutationFn: (json: NewAlertChannel) =>
      proven(() =>
        ask<AlertChannels>(found ? `${CHANNELS}/${found.no}` : CHANNELS, {
          method: found ? "PUT" : "POST",
          json,
        }),
      ),
    onSuccess: (kept, given) => {
      if (!kept) return;
      queries.setQueryData([CHANNELS], kept);
      notice.done(t("kept", { name: given.name }));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={found ? t("editOf", { name: found.name }) : t("add")}
      okText={t(found ? "keep" : "add")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form<NewAlertChannel>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          name: found?.name ?? "",
          adapter: found?.adapter ?? adapters[0],
          url: "",
          secret: "",
          lang: found?.lang ?? "zh",
          grade: found?.grade ?? "yellow",
          is_on: found?.is_on ?? true,
        }}
        onFinish={(given) => keep.mutate(given)}
      >
        {keep.error && (
          <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
        )}
        <Form.Item
          name="name"
          label={t("columns.name")}
          rules={[{ required: true, whitespace: true, message: t("nameMissing") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="adapter" label={t("columns.adapter")}>
          <Select
            options={adapters.map((name) => ({
              value: name,
              label: t(`adapters.${name}`, { defaultValue: name }),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="url"
          label={t("url")}
          extra={t(isSame ? "urlKept" : `urls.${adapter}`, { defaultValue: "" })}
          rules={isSame ? [] : [{ required: true, message: t("urlMissing") }]}
        >
          <Input spellCheck={false} autoComplete="off" maxLength={1000} />
        </Form.Item>
        {!BARE.has(adapter) && (
          <Form.Item
            name="secret"
            label={t("secret")}
            extra={t(isSame ? "secretKept" : `secrets.${adapter}`, { defaultValue: "" })}
          >
            <Input.Password autoComplete="new-password" maxLength={500} />
          </Form.Item>
        )}
        <Form.Item name="grade" label={t("columns.grade")}>
          <Select
            options={(["red", "yellow", "blue"] as const).map((grade) => ({
              value: grade,
              label: t(`grades.${grade}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="lang" label={t("lang")}>
          <Select
            options={[
              { value: "zh", label: "中文" },
              { value: "en", label: "English" },
            ]}
          />
        </Form.Item>
        <Form.Item name="is_on" label={t("isOn")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </Form>
    </Modal>
  );
}
