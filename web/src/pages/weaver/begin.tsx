import { Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { beginWoven } from "@/api/sdk.gen";
import type { WovenBook } from "@/api/types.gen";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { plain, type Whole } from "./woven";

/** What a new draft begins from: a template, the version before it, or nothing. */
export interface Beginning {
  template?: Whole;
  before?: Whole;
}

interface Props {
  from: Beginning;
  book: WovenBook;
  onClose: () => void;
}

interface Given {
  code: string;
  zh: string;
  en: string;
}

/** A free code like the template's. */
function freeCode(wanted: string, book: WovenBook): string {
  const taken = new Set([
    ...book.versions.map((one) => one.woven.code),
    ...book.drafts.map((one) => one.woven.code),
  ]);
  let code = wanted;
  for (let number = 2; taken.has(code); number += 1) code = `${wanted}_${number}`;
  return code;
}

/** A new capability, or the next version of one that is there. */
export function BeginWoven({ from, book, onClose }: Props) {
  const { t } = useTranslation(["weaver", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const [isBusy, setBusy] = useState(false);
  const { template, before } = from;
  const base = before ?? template;

  async function begin(given: Given) {
    setBusy(true);
    try {
      const woven = base ? { ...plain(base), ...given } : { base_url: "", ...given };
      const { data } = await beginWoven({ body: { woven } });
      onClose();
      void go(`/weaver/${data.id}`);
      await queries.invalidateQueries();
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }

  return (
    <Modal
      open
      width={480}
      title={before ? t("next") : t("new")}
      okText={t("begin")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          code: before ? before.code : template ? freeCode(template.code, book) : "",
          zh: base?.zh ?? "",
          en: base?.en ?? "",
        }}
        onFinish={(given) => void begin(given)}
      >
        <Form.Item
          name="zh"
          label={t("nameZh")}
          rules={[{ required: true, whitespace: true, message: t("needed") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item name="en" label={t("nameEn")}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item
          name="code"
          label={t("code")}
          extra={t("codeNote")}
          rules={[{ required: true, pattern: /^[a-z][a-z0-9_]{1,39}$/, message: t("codeForm") }]}
        >
          <Input maxLength={40} className="mono" disabled={before !== undefined} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
