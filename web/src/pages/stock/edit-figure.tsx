import { Button, Form, Input, InputNumber, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SkuPlace } from "@/api/types.gen";
import { count } from "@/format";
import { useNotice } from "@/parts/notice";
import { type Figure, move } from "./stock";

const UNITS_MAX = 1_000_000_000_000;
const REASONS = ["count", "receipt", "damage", "adjust"] as const;

interface Props {
  sku: string;
  place: SkuPlace;
  figure: Figure;
}

/** A figure that is set where it stands: the new value and why; it can be taken back. */
export function EditFigure({ sku, place, figure }: Props) {
  const { t } = useTranslation(["stock", "common"]);
  const [isOpen, open] = useState(false);
  const label = t("edit.label", {
    warehouse: place.warehouse,
    figure: t(`columns.${figure}`),
    n: count(place[figure]),
  });
  return (
    <Popover
      trigger="click"
      placement="left"
      open={isOpen}
      onOpenChange={open}
      destroyOnHidden
      content={<Editor sku={sku} place={place} figure={figure} onDone={() => open(false)} />}
    >
      <button type="button" className="stock-edit" aria-label={label} aria-expanded={isOpen}>
        {count(place[figure])}
      </button>
    </Popover>
  );
}

function Editor({ sku, place, figure, onDone }: Props & { onDone: () => void }) {
  const { t } = useTranslation(["stock", "common"]);
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);
  const [form] = Form.useForm<{ value: number; reason: string }>();
  const value = Form.useWatch("value", form) ?? place[figure];
  const by = value - place[figure];
  const least = figure === "on_hand" ? place.reserved : 0;

  async function save({ reason }: { reason: string }) {
    setBusy(true);
    try {
      await move(sku, place.warehouse, figure, by, reason);
      onDone();
      notice.done(
        t("edit.done", {
          warehouse: place.warehouse,
          figure: t(`columns.${figure}`),
          from: count(place[figure]),
          to: count(value),
        }),
        {
          undo: async () => {
            try {
              await move(sku, place.warehouse, figure, -by, t("edit.undone", { reason }));
            } catch (error) {
              notice.failed(error);
            }
          },
        },
      );
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form
      form={form}
      layout="vertical"
      className="stock-editor"
      initialValues={{ value: place[figure], reason: "" }}
      onFinish={(values) => void save(values)}
    >
      <Form.Item
        name="value"
        label={`${place.warehouse} · ${t(`columns.${figure}`)}`}
        help={by !== 0 ? t("edit.by", { by: (by > 0 ? "+" : "−") + count(Math.abs(by)) }) : " "}
        rules={[
          { required: true, message: t("edit.number") },
          {
            type: "number",
            min: least,
            message: least ? t("edit.least", { n: count(least) }) : t("edit.number"),
          },
        ]}
      >
        <InputNumber autoFocus min={0} max={UNITS_MAX} precision={0} />
      </Form.Item>
      <Form.Item
        name="reason"
        label={t("edit.reason")}
        rules={[{ required: true, whitespace: true, message: t("edit.reasonMissing") }]}
      >
        <Input maxLength={200} list="stock-reasons" />
      </Form.Item>
      <datalist id="stock-reasons">
        {REASONS.map((one) => (
          <option key={one} value={t(`reasons.${one}`)} />
        ))}
      </datalist>
      <Button type="primary" htmlType="submit" loading={isBusy} disabled={by === 0}>
        {t("edit.save")}
      </Button>
    </Form>
  );
}
