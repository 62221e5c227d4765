import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { ConnectorAdapters, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";

interface Given {
  operation: string;
  body: string;
}

/** Asks the far side's sandbox; nothing follows from the answer, which stands among the calls. */
export function TrialForm({ one, onClose }: { one: ConnectorView; onClose: () => void }) {
  const { t } = useTranslation("connectors");
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const adapters = useQuery({
    queryKey: [...KEY, "adapters"],
    queryFn: ({ signal }) => ask<ConnectorAdapters>("/v1/connector-adapters", { signal }),
    staleTime: Infinity,
  });
  const operations = adapters.data?.items.find((each) => each.name === one.adapter)?.operations ?? [];
  const sent = useMutation({
    mutationFn: ({ operation, body }: Given) =>
      ask(`${PATH}/${one.id}/trials`, { method: "POST", json: { operation, body: JSON.parse(body) as unknown } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("tried", { name: one.title }));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("tryTitle", { name: one.title })}
      okText={t("try")}
      cancelText={t("common:acts.back")}
      confirmLoading={sent.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {sent.error && <Alert type="error" showIcon role="alert" title={words(asProblem(sent.error))} />}
      <p className="note">{t("tryNote", { url: one.trial_url })}</p>
      <Form<Given> form={form} layout="vertical" requiredMark={false} initialValues={{ body: "{}" }} onFinish={(given) => sent.mutate(given)}>
        <Form.Item name="operation" label={t("columns.operation")} rules={[{ required: true, message: t("operationMissing") }]}>
          <Select loading={adapters.isLoading} options={operations.map((each) => ({ value: each.name, label: each.name }))} />
        </Form.Item>
        <Form.Item
          name="body"
          label={t("question")}
          rules={[{ validator: (_, text: string) => (isObject(text) ? Promise.resolve() : Promise.reject(new Error(t("notJson")))) }]}
        >
          <Input.TextArea rows={8} spellCheck={false} className="connectors-json" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function isObject(text: string): boolean {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read);
  } catch {
    return false;
  }
}
