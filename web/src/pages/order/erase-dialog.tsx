import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { erasePersonalData } from "@/api/sdk.gen";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ReversibilityTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";

interface Told {
  reason: string;
  reference: string;
}

/** Erase the receiver and the raw message for good; the proof stays. */
export default function EraseDialog({
  id,
  onClose,
  onDone,
}: {
  id: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const { t } = useTranslation("order");
  const { done } = useNotice();
  const prove = useProven();
  const erase = useMutation({
    mutationFn: (told: Told) =>
      prove(async () => {
        const { data } = await erasePersonalData({
          path: { order_id: id },
          body: told,
          throwOnError: true,
        });
        return data;
      }),
    onSuccess: async (data) => {
      if (!data) return;
      done(t("erase.done"));
      onClose();
      await onDone();
    },
  });
  return (
    <Modal open width={416} title={t("erase.title")} onCancel={onClose} footer={null}>
      <p className="order-legal">
        <span>{t("erase.text")}</span> <ReversibilityTag value="no" />
      </p>
      <Form<Told> layout="vertical" requiredMark={false} onFinish={(told) => erase.mutate(told)}>
        <Form.Item
          name="reason"
          label={t("erase.reason")}
          rules={[{ required: true, whitespace: true, message: t("erase.reasonMissing") }]}
        >
          <Input maxLength={500} autoFocus />
        </Form.Item>
        <Form.Item
          name="reference"
          label={t("erase.reference")}
          rules={[{ required: true, whitespace: true, message: t("erase.referenceMissing") }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        {erase.error && <ProblemNote problem={asProblem(erase.error)} />}
        <div className="order-buttons order-dialog-foot">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" danger htmlType="submit" loading={erase.isPending}>
            {t("erase.act")}
          </Button>
        </div>
      </Form>
    </Modal>
  );
}
