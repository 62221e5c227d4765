import { useMutation } from "@tanstack/react-query";
import { DatePicker, Form, Input, InputNumber, Modal, Segmented } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { AssociationRule, CampaignView, NewCampaign } from "@/api/types.gen";
import { ask } from "@/client";
import { share } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { CAMPAIGNS_KEY, goods, type Question } from "./words";

interface Props {
  rule: AssociationRule;
  question: Question;
  onClose: () => void;
}

interface Wish {
  act: "reminder" | "coupon";
  text: string;
  basis: string;
  until: dayjs.Dayjs;
  holdout: number;
  least: number;
  cost?: number;
  budget?: number;
}

const FEN = 100;
const MONTH_D = 30;
const TEXT_MAX = 300;

/** Say what is to be done about a rule; nobody is told before it is started. */
export function Propose({ rule, question, onClose }: Props) {
  const { t } = useTranslation("associations");
  const { done } = useNotice();
  const [form] = Form.useForm<Wish>();
  const act = Form.useWatch("act", form) ?? "reminder";
  const propose = useMutation({
    mutationFn: (wish: Wish) => {
      const isCoupon = wish.act === "coupon";
      const json: NewCampaign = {
        act: wish.act,
        first: rule.first,
        then: rule.then,
        level: question.level,
        window_d: question.window,
        text: wish.text.trim(),
        basis: wish.basis.trim(),
        until: wish.until.endOf("day").toISOString(),
        holdout: wish.holdout * 10,
        least_effect: wish.least * 10,
        counted_after_h: question.window * 24,
        cost: isCoupon ? Math.round((wish.cost ?? 0) * FEN) : 0,
        budget: isCoupon ? Math.round((wish.budget ?? 0) * FEN) : 0,
      };
      return ask<CampaignView>("/v1/campaigns", { method: "POST", json });
    },
    onSuccess: async () => {
      done(t("propose.done"));
      await queries.invalidateQueries({ queryKey: CAMPAIGNS_KEY });
      onClose();
    },
  });
  const need = [{ required: true, whitespace: true, min: 4, message: t("propose.needed") }];
  return (
    <Modal
      open
      title={t("propose.title", { first: goods(rule.first_name, rule.first), then: goods(rule.then_name, rule.then) })}
      okText={t("propose.act")}
      cancelText={t("propose.back")}
      confirmLoading={propose.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">
        {t("propose.expected", {
          own: share(rule.confidence / 1_000, 1),
          otherwise: share(rule.otherwise / 1_000, 1),
          window: question.window,
        })}
      </p>
      {propose.error && <ProblemNote problem={asProblem(propose.error)} />}
      <Form<Wish>
        form={form}
        layout="vertical"
        initialValues={{ act: "reminder", holdout: 20, least: 1, until: dayjs().add(MONTH_D, "day") }}
        onFinish={(wish) => propose.mutate(wish)}
      >
        <Form.Item name="act" label={t("propose.kind")}>
          <Segmented
            options={[
              { value: "reminder", label: t("acts.reminder") },
              { value: "coupon", label: t("acts.coupon") },
            ]}
          />
        </Form.Item>
        <Form.Item name="text" label={t("propose.text")} rules={need}>
          <Input.TextArea maxLength={TEXT_MAX} rows={2} />
        </Form.Item>
        <Form.Item name="basis" label={t("propose.basis")} extra={t("propose.basisNote")} rules={need}>
          <Input maxLength={TEXT_MAX} />
        </Form.Item>
        <Form.Item name="until" label={t("propose.until")} rules={[{ required: true }]}>
          <DatePicker minDate={dayjs()} allowClear={false} />
        </Form.Item>
        {act === "coupon" && (
          <div className="associations-pair">
            <Form.Item name="cost" label={t("propose.cost")} rules={[{ required: true, message: t("propose.needed") }]}>
              <InputNumber min={0.01} precision={2} prefix="¥" />
            </Form.Item>
            <Form.Item name="budget" label={t("propose.budget")} rules={[{ required: true, message: t("propose.needed") }]}>
              <InputNumber min={0.01} precision={2} prefix="¥" />
            </Form.Item>
          </div>
        )}
        <div className="associations-pair">
          <Form.Item name="holdout" label={t("propose.holdout")}>
            <InputNumber min={5} max={90} precision={0} suffix="%" />
          </Form.Item>
          <Form.Item name="least" label={t("propose.least")}>
            <InputNumber min={0} max={100} precision={1} suffix={t("points")} />
          </Form.Item>
        </div>
      </Form>
    </Modal>
  );
}
