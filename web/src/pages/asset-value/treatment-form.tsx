import { useMutation } from "@tanstack/react-query";
import { Checkbox, Form, Input, InputNumber, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { TreatmentAnswers, TreatmentItem } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, today } from "./model";

const QUESTIONS = ["controlled", "benefit", "measurable"] as const;
const CONDITIONS = ["feasible", "intended", "useful", "resourced", "attributable"] as const;
const HELD = ["use", "service", "sale"] as const;
const PHASES = ["research", "development", "bought"] as const;

interface Fields extends Required<TreatmentAnswers> {
  since: string;
  months: number;
}

interface Props {
  asset: string;
  title: string;
  held: TreatmentItem | undefined;
  onClose: () => void;
}

/** 入表判定: what is asked of an asset; the table decides, not the person. */
export function TreatmentForm({ asset, title, held, onClose }: Props) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<Fields>();
  const phase = Form.useWatch("phase", form);
  const doc = held?.doc;
  const save = useMutation({
    mutationFn: ({ since, months, ...answers }: Fields) =>
      ask<TreatmentItem>(`/v1/asset-treatments/${asset}`, {
        method: "PUT",
        json: { answers, since, months, impaired: doc?.impaired ?? [], seen: held?.version ?? 0 },
      }),
    onSuccess: async (told) => {
      notice.done(t("treated", { treatment: t(`treatments.${told.doc.treatment}`) }));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const tick = (name: keyof TreatmentAnswers) => (
    <Form.Item key={name} name={name} valuePropName="checked" noStyle>
      <Checkbox className="value-tick">{t(`answers.${name}`)}</Checkbox>
    </Form.Item>
  );
  return (
    <Modal
      open
      title={t("treatTitle", { asset: title })}
      okText={t("decide")}
      cancelText={t("common:acts.back")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("treatNote")}</p>
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form<Fields>
        form={form}
        name="treatment"
        layout="vertical"
        requiredMark={false}
        initialValues={{
          held: "use",
          phase: "development",
          ...doc?.answers,
          since: doc?.since ?? today().slice(0, 7),
          months: doc?.months ?? 36,
        }}
        onFinish={(told) => save.mutate(told)}
      >
        <fieldset className="value-ticks">
          <legend>{t("questions")}</legend>
          {QUESTIONS.map(tick)}
        </fieldset>
        <Form.Item name="held" label={t("heldFor")}>
          <Select options={HELD.map((one) => ({ value: one, label: t(`held.${one}`) }))} />
        </Form.Item>
        <Form.Item name="phase" label={t("cost.phase")}>
          <Select options={PHASES.map((one) => ({ value: one, label: t(`phases.${one}`) }))} />
        </Form.Item>
        {phase === "development" && (
          <fieldset className="value-ticks">
            <legend>{t("conditions")}</legend>
            {CONDITIONS.map(tick)}
          </fieldset>
        )}
        <Form.Item name="since" label={t("amortisedSince")}>
          <Input type="month" />
        </Form.Item>
        <Form.Item name="months" label={t("amortisedMonths")}>
          <InputNumber min={1} max={360} precision={0} style={{ width: "100%" }} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
