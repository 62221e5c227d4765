import { useQuery } from "@tanstack/react-query";
import { Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { beginDraft, readTemplates, type SetItem } from "./api";
import { useKind } from "./kind";

/** Begin a draft: from what rules, from nothing, or from a template. */
export function NewDraft({ live, onClose }: { live: SetItem | null; onClose: () => void }) {
  const { t } = useTranslation(["policies", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<{ name: string; from: string }>();
  const [isBusy, setBusy] = useState(false);
  const kind = useKind();
  const first = kind === "intercept" ? "all" : "rainstorm";
  const templates = useQuery({
    queryKey: ["routing", "templates", kind],
    queryFn: () => readTemplates(kind),
    staleTime: Infinity,
  });
  async function begin({ name, from }: { name: string; from: string }) {
    setBusy(true);
    try {
      const draft = await beginDraft(kind, name.trim(), from);
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
      title={t(kind === "intercept" ? "new.stopsTitle" : "new.title")}
      okText={t("new.begin")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ from: live ? "live" : first }} onFinish={(given) => void begin(given)}>
        <Form.Item name="name" label={t("new.name")} rules={[{ required: true, whitespace: true, message: t("new.needed") }]}>
          <Input maxLength={100} autoFocus />
        </Form.Item>
        <Form.Item name="from" label={t("new.from")}>
          <Radio.Group className="policy-from">
            {live && <Radio value="live">{t("new.live", { no: live.no, name: live.name })}</Radio>}
            {kind === "intercept" && <Radio value="all">{t("new.all")}</Radio>}
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
