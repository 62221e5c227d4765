import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { beginDraft, readTemplates, type SetItem } from "./api";

/** Begin a draft: from what rules, from nothing, or from a template. */
export function NewDraft({ live, onClose }: { live: SetItem | null; onClose: () => void }) {
  const { t } = useTranslation(["policies", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<{ name: string; from: string }>();
  const [isBusy, setBusy] = useState(false);
  const templates = useQuery({ queryKey: ["routing", "templates"], queryFn: readTemplates, staleTime: Infinity });
  async function begin({ name, from }: { name: string; from: string }) {
    setBusy(true);
    try {
      const draft = await beginDraft(name.trim(), from);
      window.location.assign(`/policies/${draft.id}`);
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }
  return (
    <Modal
      open
      width={560}
      title={t("new.title")}
      okText={t("new.begin")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ from: live ? "live" : "rainstorm" }} onFinish={(given) => void begin(given)}>
        <Form.Item name="name" label={t("new.name")} rules={[{ required: true, whitespace: true, message: t("new.needed") }]}>
          <Input maxLength={100} autoFocus />
        </Form.Item>
        <Form.Item name="from" label={t("new.from")}>
          <Radio.Group className="policy-from">
            {live && <Radio value="live">{t("new.live", { no: live.no, name: live.name })}</Radio>}
            {(templates.data ?? []).map((one) => (
              <Radio key={one.code} value={one.code}>
                {byLocale(one.zh, one.en)}
                <span className="note">{byLocale(one.purpose_zh, one.purpose_en)}</span>
              </Radio>
            ))}
            <Radio value="empty">{t("new.empty")}</Radio>
          </Radio.Group>
        </Form.Item>
      </Form>
    </Modal>
  );
}
