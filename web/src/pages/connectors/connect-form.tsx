import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Form, Input, InputNumber, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { ConnectorAdapters, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";
import { useCapability } from "./words";

interface Given {
  adapter: string;
  title: string;
  url: string;
  trial_url?: string;
  options?: Record<string, string>;
  secrets?: Record<string, string>;
  concurrency: number;
  rate_per_s: number;
  timeout_s: number;
}

/** Connects a far side, or changes how it is asked; what it needs is what its adapter says. */
export function ConnectForm({ one, onClose }: { one: ConnectorView | null; onClose: () => void }) {
  const { t } = useTranslation("connectors");
  const capability = useCapability();
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const adapters = useQuery({
    queryKey: [...KEY, "adapters"],
    queryFn: ({ signal }) => ask<ConnectorAdapters>("/v1/connector-adapters", { signal }),
    staleTime: Infinity,
  });
  const items = adapters.data?.items ?? [];
  const name = Form.useWatch("adapter", form) ?? one?.adapter ?? "";
  const adapter = items.find((each) => each.name === name);
  const kept = useMutation({
    mutationFn: (given: Given) => {
      const secrets = Object.fromEntries(Object.entries(given.secrets ?? {}).filter(([, value]) => value));
      const json = { ...given, trial_url: given.trial_url ?? "", options: given.options ?? {}, secrets };
      return ask<ConnectorView>(one ? `${PATH}/${one.id}` : PATH, { method: one ? "PUT" : "POST", json });
    },
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(one ? "kept" : "connected", { name: made.title }), { to: `/connectors?id=${made.id}` });
      onClose();
    },
  });
  const groups = [...new Set(items.map((each) => each.capability))].map((code) => ({
    label: capability(code),
    options: items
      .filter((each) => each.capability === code)
      .map((each) => ({ value: each.name, label: byLocale(each.title, each.title_en) })),
  }));
  return (
    <Modal
      open
      title={one ? t("editTitle", { name: one.title }) : t("connect")}
      okText={t(one ? "keep" : "connect")}
      cancelText={t("common:acts.back")}
      confirmLoading={kept.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {kept.error && <Alert type="error" showIcon role="alert" title={words(asProblem(kept.error))} />}
      {!one && <p className="note">{t("connectNote")}</p>}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ concurrency: 32, rate_per_s: 0, timeout_s: 0, ...one, secrets: {} }}
        onFinish={(given) => kept.mutate(given)}
      >
        <Form.Item name="adapter" label={t("adapter")} rules={[{ required: true, message: t("adapterMissing") }]}>
          <Select disabled={one !== null} loading={adapters.isLoading} options={groups} />
        </Form.Item>
        <Form.Item name="title" label={t("name")} rules={[{ required: true, whitespace: true, message: t("nameMissing") }]}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="url" label={t("url")} rules={[{ required: true, message: t("urlMissing") }]}>
          <Input maxLength={500} placeholder="https://" inputMode="url" />
        </Form.Item>
        <Form.Item name="trial_url" label={t("trialUrl")} extra={t("trialUrlNote")}>
          <Input maxLength={500} placeholder="https://" inputMode="url" />
        </Form.Item>
        {adapter?.needs.map((need) => (
          <Form.Item key={need} name={["options", need]} label={need} rules={[{ required: true, message: t("needed") }]}>
            <Input maxLength={2000} />
          </Form.Item>
        ))}
        {adapter?.secrets.map((need) => (
          <Form.Item
            key={need}
            name={["secrets", need]}
            label={need}
            extra={one?.secrets.includes(need) ? t("secretKept") : t("secretNote")}
            rules={one?.secrets.includes(need) ? [] : [{ required: true, message: t("needed") }]}
          >
            <Input.Password autoComplete="new-password" maxLength={8192} />
          </Form.Item>
        ))}
        <div className="connectors-three">
          <Form.Item name="concurrency" label={t("concurrency")}>
            <InputNumber min={1} max={256} />
          </Form.Item>
          <Form.Item name="rate_per_s" label={t("rate")}>
            <InputNumber min={0} max={10000} />
          </Form.Item>
          <Form.Item name="timeout_s" label={t("timeout")}>
            <InputNumber min={0} max={60} />
          </Form.Item>
        </div>
      </Form>
    </Modal>
  );
}
