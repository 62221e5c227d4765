import { DatePicker, Form, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { GroupBuyType } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem, type Problem } from "@/problem";

interface Values {
  type: string;
  code: string;
  leader: string;
  pickup: string;
  region: string;
  closes?: Dayjs | null;
}

interface Props {
  types: readonly GroupBuyType[];
  onClose: () => void;
  onDone: (code: string) => Promise<void>;
}

const CODE_MAX = 64;
const PLACE_MAX = 200;

/** Open a group of a type in use: its leader, where goods are collected, until when. */
export function OpenGroup({ types, onClose, onDone }: Props) {
  const { t } = useTranslation(["group-buys", "common"]);
  const [form] = Form.useForm<Values>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const chosen = Form.useWatch("type", form);
  const kind = types.find((one) => one.type === chosen) ?? types[0];
  const needed = [{ required: true, whitespace: true, message: t("form.missing") }];

  async function submit(values: Values) {
    setBusy(true);
    setProblem(null);
    const { type, closes, ...rest } = values;
    try {
      await ask(`/v1/order-types/${type}/groups`, {
        method: "POST",
        json: { ...rest, ...(closes ? { closes: closes.toISOString() } : {}) },
      });
      await onDone(values.code);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal
      open
      width={416}
      title={t("open")}
      okText={t("openIt")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ type: types[0]?.type }}
        onFinish={(values) => void submit(values)}
      >
        <Form.Item name="type" label={t("form.type")} rules={needed}>
          <Select
            options={types.map((one) => ({ value: one.type, label: byLocale(one.zh, one.en) }))}
          />
        </Form.Item>
        <Form.Item name="code" label={t("form.code")} rules={needed}>
          <Input maxLength={CODE_MAX} placeholder="T0017" />
        </Form.Item>
        <Form.Item name="leader" label={t("form.leader")} rules={needed}>
          <Input maxLength={CODE_MAX} />
        </Form.Item>
        <Form.Item name="pickup" label={t("form.pickup")} rules={needed}>
          <Input maxLength={PLACE_MAX} />
        </Form.Item>
        <Form.Item
          name="region"
          label={t("form.region")}
          rules={needed}
          extra={kind?.regions.length ? t("form.regions", { codes: kind.regions.join("、") }) : undefined}
        >
          <Input maxLength={6} placeholder="330106" />
        </Form.Item>
        <Form.Item name="closes" label={t("form.closes")} extra={t("form.closesNote")}>
          <DatePicker minDate={dayjs()} showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
        </Form.Item>
      </Form>
      {kind && <p className="note">{t("form.forms", { minimum: kind.minimum })}</p>}
      {problem && <ProblemNote problem={problem} />}
    </Modal>
  );
}
