import { useMutation } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { AssetCostItem, CostEntry } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, today } from "./model";

const KINDS = ["labour", "purchase", "compute", "storage", "other"] as const;
const PHASES = ["research", "development", "bought", "upkeep"] as const;

interface Fields extends Omit<CostEntry, "amount_fen"> {
  amount: number;
}

/** 记一笔成本: what was spent on an asset, in which phase. */
export function CostForm({ asset, onClose }: { asset: string; onClose: () => void }) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<Fields>();
  const enter = useMutation({
    mutationFn: ({ amount, ...told }: Fields) =>
      ask<AssetCostItem>(`/v1/asset-costs/${asset}`, {
        method: "POST",
        json: { ...told, minutes: told.minutes ?? 0, amount_fen: Math.round(amount * 100) },
      }),
    onSuccess: async () => {
      notice.done(t("costEntered"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const needed = [{ required: true, message: t("needed") }];
  return (
    <Modal
      open
      title={t("enterCost")}
      okText={t("enterCost")}
      cancelText={t("common:acts.back")}
      confirmLoading={enter.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {enter.error && <ProblemNote problem={asProblem(enter.error)} />}
      <Form<Fields>
        form={form}
        name="cost"
        layout="vertical"
        requiredMark={false}
        initialValues={{ day: today(), kind: "labour", phase: "development", note: "" }}
        onFinish={(told) => enter.mutate(told)}
      >
        <Form.Item name="day" label={t("cost.day")} rules={needed}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="kind" label={t("cost.kind")}>
          <Select options={KINDS.map((one) => ({ value: one, label: t(`costKinds.${one}`) }))} />
        </Form.Item>
        <Form.Item name="phase" label={t("cost.phase")} extra={t("phaseHint")}>
          <Select options={PHASES.map((one) => ({ value: one, label: t(`phases.${one}`) }))} />
        </Form.Item>
        <Form.Item name="amount" label={t("cost.amountYuan")} rules={needed}>
          <InputNumber min={0} max={1e11} precision={2} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="minutes" label={t("cost.minutes")}>
          <InputNumber min={0} max={1e6} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="note" label={t("cost.note")}>
          <Input maxLength={500} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
