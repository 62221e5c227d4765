import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import type { DictionarySource } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";

/** Names a system that may say something of master data. */
export function SourceForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["dictionary", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<DictionarySource>();
  const keep = useMutation({
    mutationFn: ({ source, title }: DictionarySource) =>
      ask<DictionarySource>(`${PATH}/sources/${source}`, { method: "PUT", json: { title: title ?? "" } }),
    onSuccess: (kept) => {
      void queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("sourceAdded", { name: kept.title || kept.source }));
      onClose();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("addSource")}
      onCancel={onClose}
      okText={t("addSource")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
    >
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(given) => keep.mutate(given)}>
        <Form.Item
          name="source"
          label={t("sourceCode")}
          extra={t("sourceHint")}
          rules={[{ required: true, pattern: /^[a-z][a-z0-9-]{0,30}$/, message: t("sourceWrong") }]}
        >
          <Input autoComplete="off" spellCheck={false} maxLength={31} />
        </Form.Item>
        <Form.Item name="title" label={t("sourceTitle")}>
          <Input maxLength={64} placeholder={t("sourceExample")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
