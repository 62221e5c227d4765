import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, InputNumber, Modal, Select } from "antd";
import type dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { NewTransfer, TransferView } from "@/api/types.gen";
import { ask } from "@/client";
import { warehousesQuery } from "@/pages/stock/stock";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { newKey, TRANSFERS_KEY } from "./words";

const FEN = 100;
const LINES_MAX = 200;

interface Wish {
  from: string;
  to: string;
  lines: { sku: string; quantity: number }[];
  truck?: string;
  cost?: number;
  arrives?: dayjs.Dayjs | null;
  note?: string;
}

/** Plan a transfer: its units are reserved at the source at once. */
export function PlanForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("transfers");
  const { done } = useNotice();
  const go = useNavigate();
  const [form] = Form.useForm<Wish>();
  // One form is one wish: sent again after a lost answer, it is the same transfer.
  const [key] = useState(newKey);
  const warehouses = useQuery(warehousesQuery);
  const plan = useMutation({
    mutationFn: (wish: Wish) => {
      const json: NewTransfer = {
        key,
        from_warehouse: wish.from,
        to_warehouse: wish.to,
        lines: wish.lines.map((one) => ({ sku: one.sku.trim(), quantity: one.quantity })),
        truck: wish.truck?.trim() ?? "",
        cost_fen: Math.round((wish.cost ?? 0) * FEN),
        arrives: wish.arrives?.toISOString() ?? null,
        note: wish.note?.trim() ?? "",
      };
      return ask<TransferView>("/v1/transfers", { method: "POST", json });
    },
    onSuccess: async (made) => {
      done(t("plan.done", { number: made.number }));
      await queries.invalidateQueries({ queryKey: TRANSFERS_KEY });
      void go(`/transfers/${made.id}`);
    },
  });
  const need = [{ required: true, message: t("plan.needed") }];
  const options = (warehouses.data?.items ?? []).map((one) => ({
    value: one.code,
    label: `${one.code} ${one.name}`,
  }));
  return (
    <Modal
      open
      title={t("plan.title")}
      okText={t("plan.act")}
      cancelText={t("plan.back")}
      confirmLoading={plan.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("plan.note")}</p>
      {plan.error && <ProblemNote problem={asProblem(plan.error)} />}
      <Form<Wish>
        form={form}
        layout="vertical"
        initialValues={{ lines: [{ sku: "", quantity: 1 }] }}
        onFinish={(wish) => plan.mutate(wish)}
      >
        <div className="transfers-pair">
          <Form.Item name="from" label={t("columns.from")} rules={need}>
            <Select showSearch options={options} />
          </Form.Item>
          <Form.Item name="to" label={t("columns.to")} rules={need}>
            <Select showSearch options={options} />
          </Form.Item>
        </div>
        <Form.List name="lines">
          {(fields, { add, remove }) => (
            <>
              {fields.map((field, n) => (
                <div key={field.key} className="transfers-wish">
                  <Form.Item
                    name={[field.name, "sku"]}
                    label={t("plan.sku", { n: n + 1 })}
                    rules={[{ required: true, whitespace: true, message: t("plan.needed") }]}
                  >
                    <Input maxLength={64} />
                  </Form.Item>
                  <Form.Item
                    name={[field.name, "quantity"]}
                    label={t("plan.quantity", { n: n + 1 })}
                    rules={need}
                  >
                    <InputNumber min={1} precision={0} />
                  </Form.Item>
                  {fields.length > 1 && (
                    <Button
                      type="text"
                      icon={<DeleteOutlined />}
                      aria-label={t("plan.drop", { n: n + 1 })}
                      onClick={() => remove(field.name)}
                    />
                  )}
                </div>
              ))}
              {fields.length < LINES_MAX && (
                <Button
                  icon={<PlusOutlined />}
                  className="transfers-add"
                  onClick={() => add({ sku: "", quantity: 1 })}
                >
                  {t("plan.add")}
                </Button>
              )}
            </>
          )}
        </Form.List>
        <div className="transfers-pair">
          <Form.Item name="truck" label={t("columns.truck")}>
            <Input maxLength={64} />
          </Form.Item>
          <Form.Item name="cost" label={t("columns.cost")}>
            <InputNumber min={0} precision={2} prefix="¥" />
          </Form.Item>
        </div>
        <Form.Item name="arrives" label={t("columns.arrives")}>
          <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
        </Form.Item>
        <Form.Item name="note" label={t("plan.remark")}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
