import { Button, Form, Input, InputNumber, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { OrderSheet } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem, type Problem } from "@/problem";
import { CAUSES, type Parcel, type ParcelAct } from "./parcel-acts";

interface Props {
  act: ParcelAct;
  parcel: Parcel;
  sheet: OrderSheet;
  onClose: () => void;
  onDone: () => Promise<void>;
}

interface Told {
  units: Record<string, number>;
  to?: string;
  cause?: string;
  answer?: "stopped" | "too_late";
  reason?: string;
}

/** Split a parcel by units, send units once more, or answer an intercept. */
export default function ParcelDialog({ act, parcel, sheet, onClose, onDone }: Props) {
  const { t } = useTranslation(["order", "common"]);
  const { done } = useNotice();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const causes = CAUSES[parcel.state] ?? [];
  const lines = parcel.lines.map((share) => ({
    ...share,
    most:
      share.quantity -
      (act === "reship"
        ? (parcel.sent_again.find((one) => one.line === share.line)?.quantity ?? 0)
        : 0),
    name: sheet.lines.find((one) => one.no === share.line)?.name || share.sku,
  }));

  const tell = async (told: Told) => {
    const units = lines
      .map(({ line }) => ({ line, quantity: told.units?.[line] ?? 0 }))
      .filter((one) => one.quantity > 0);
    if (act !== "answer" && units.length === 0) {
      setProblem(null);
      return;
    }
    const path = { split: "split", reship: "reship", answer: "intercept" }[act];
    const json = {
      split: { parts: [{ lines: units }], to: told.to ?? "", reason: told.reason ?? "" },
      reship: { cause: told.cause, lines: units },
      answer: { answer: told.answer, detail: told.reason ?? "" },
    }[act];
    setBusy(true);
    setProblem(null);
    try {
      await ask(`/v1/orders/${sheet.order}/parcels/${parcel.fulfilment}/${path}`, {
        method: "POST",
        json,
      });
      done(t(`parcelActs.${act}.done`));
      onClose();
      await onDone();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal
      open
      width={416}
      title={t(`parcelActs.${act}.title`, { no: t("parcels.no", { no: parcel.fulfilment }) })}
      onCancel={onClose}
      footer={null}
    >
      <p className="order-legal">{t(`parcelActs.${act}.text`)}</p>
      <Form<Told>
        layout="vertical"
        requiredMark={false}
        initialValues={{ to: "", cause: causes[0], answer: "stopped" }}
        onFinish={(told) => void tell(told)}
      >
        {act !== "answer" &&
          lines
            .filter((line) => line.most > 0)
            .map((line) => (
              <Form.Item
                key={line.line}
                name={["units", String(line.line)]}
                label={t("parcelActs.units", { name: line.name, most: count(line.most) })}
              >
                <InputNumber min={0} max={line.most} precision={0} placeholder="0" />
              </Form.Item>
            ))}
        {act === "split" && (
          <Form.Item name="to" label={t("parcelActs.split.to")}>
            <Radio.Group
              options={[
                { value: "", label: t("parcelActs.split.here", { name: parcel.name }) },
                { value: "*", label: t("parcelActs.split.elsewhere") },
              ]}
            />
          </Form.Item>
        )}
        {act === "reship" && (
          <Form.Item name="cause" label={t("parcelActs.reship.cause")}>
            <Select
              options={causes.map((value) => ({ value, label: t(`parcelActs.causes.${value}`) }))}
            />
          </Form.Item>
        )}
        {act === "answer" && (
          <Form.Item name="answer" label={t("parcelActs.answer.answer")}>
            <Radio.Group
              options={(["stopped", "too_late"] as const).map((value) => ({
                value,
                label: t(`parcelActs.answer.${value}`),
              }))}
            />
          </Form.Item>
        )}
        {act !== "reship" && (
          <Form.Item name="reason" label={t("parcelActs.reason")}>
            <Input maxLength={200} />
          </Form.Item>
        )}
        {problem && <ProblemNote problem={problem} />}
        <div className="order-buttons order-dialog-foot">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" loading={isBusy}>
            {t(`parcelActs.${act}.act`)}
          </Button>
        </div>
      </Form>
    </Modal>
  );
}
