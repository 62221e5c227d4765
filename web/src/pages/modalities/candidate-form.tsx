import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, InputNumber, Modal, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { ChainView, PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { CHAINS, KEY, PERCENT } from "./model";
import { titleOf } from "./words";

interface Given {
  candidate: string;
  percent: number;
  shadow: boolean;
  reason: string;
}

interface Props {
  chain: ChainView;
  services: readonly PerceiverView[];
  onClose: () => void;
}

/** Puts a candidate on trial, or changes how much of the originals it gets. */
export function CandidateForm({ chain, services, onClose }: Props) {
  const { t } = useTranslation("modalities");
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const set = useMutation({
    mutationFn: ({ candidate, percent, shadow, reason }: Given) =>
      ask(`${CHAINS}/${encodeURIComponent(chain.kind)}/canary`, {
        method: "POST",
        json: { candidate, share: Math.round(percent * PERCENT), shadow, scope: chain.scope, reason },
      }),
    onSuccess: async (_, given) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("trialSet", { name: titleOf(services, given.candidate), n: given.percent }));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t(chain.candidate ? "changeShare" : "beginTrial")}
      okText={t("setShare")}
      cancelText={t("common:acts.back")}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {set.error && <Alert type="error" showIcon role="alert" title={words(asProblem(set.error))} />}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          candidate: chain.candidate ?? services[0]?.id,
          percent: (chain.share || 1_000) / PERCENT,
          shadow: chain.candidate ? chain.shadow : true,
          reason: "",
        }}
        onFinish={(given) => set.mutate(given)}
      >
        <Form.Item name="candidate" label={t("candidate")} rules={[{ required: true, message: t("candidateMissing") }]}>
          <Select
            disabled={Boolean(chain.candidate)}
            options={services.map((one) => ({ value: one.id, label: one.title }))}
          />
        </Form.Item>
        <Form.Item name="shadow" label={t("how")}>
          <Radio.Group
            className="modalities-radio"
            options={[
              { value: true, label: t("howShadow") },
              { value: false, label: t("howCanary") },
            ]}
          />
        </Form.Item>
        <Form.Item name="percent" label={t("share")}>
          <InputNumber min={0.01} max={100} step={1} suffix="%" />
        </Form.Item>
        <Form.Item name="reason" label={t("reason")}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
