import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Input, InputNumber, Modal } from "antd";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Effect, Offer, OrderSheet, Transition } from "@/api/types.gen";
import { count, money } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ReversibilityTag, StatusTag, type PromiseState } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { tell } from "./use-acts";
import { wide } from "./words";

interface Props {
  id: string;
  offer: Offer;
  sheet: OrderSheet;
  onClose: () => void;
  onDone: () => Promise<void>;
  onTrial: () => void;
}

interface Told {
  reason?: string;
  amount?: number;
  carrier?: string;
  waybill?: string;
  region?: string;
  exclude?: string[];
  occurred?: string;
}

const MINOR = 100;

/** What an act needs told, what it means between the parties, and what follows from it. */
export default function ActDialog({ id, offer, sheet, onClose, onDone, onTrial }: Props) {
  const { t } = useTranslation("order");
  const { done } = useNotice();
  const prove = useProven();
  const key = useRef(crypto.randomUUID());
  const [form] = Form.useForm<Told>();
  const doing = useMutation({
    mutationFn: async (told: Told) => prove(async () => {
      await tell(id, bodyOf(offer, told), key.current);
      return true;
    }),
    onSuccess: async (isDone) => {
      if (!isDone) return;
      done(t("acted", { act: offer.title }));
      onClose();
      await onDone();
    },
    onError: () => {
      // What was refused once under a key stays refused under it.
      key.current = crypto.randomUUID();
      void onDone();
    },
  });
  const needs = new Map(offer.needs.map((need) => [need.name, need.required ?? false]));
  const isDanger = offer.reversible === "no" && offer.event === "cancel";
  const object = offer.fulfilment ? t("parcels.no", { no: offer.fulfilment }) : sheet.number;
  return (
    <Modal
      open
      width={416}
      title={t("dialog.title", { act: offer.title, object })}
      onCancel={onClose}
      footer={null}
      destroyOnHidden
    >
      <p className="order-legal">
        <span>{wide(offer.legal)}</span> <ReversibilityTag value={offer.reversible} />
      </p>
      {offer.effect && <Follows effect={offer.effect} />}
      <Form<Told>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          amount: offer.event === "pay" ? sheet.due / MINOR : undefined,
          exclude: offer.exclude,
        }}
        onFinish={(told) => doing.mutate(told)}
      >
        {needs.has("exclude") && <Exclude offer={offer} sheet={sheet} onTrial={onTrial} />}
        {needs.has("amount_fen") && (
          <Form.Item
            name="amount"
            label={t("dialog.amount")}
            rules={[{ required: true, type: "number", min: 0.01, message: t("dialog.amountMissing") }]}
          >
            <InputNumber prefix={sheet.currency === "CNY" ? "¥" : sheet.currency} precision={2} min={0} className="order-amount" />
          </Form.Item>
        )}
        {(["carrier", "waybill", "region"] as const).map(
          (name) =>
            needs.has(name) && (
              <Form.Item
                key={name}
                name={name}
                label={t(`dialog.${name}`)}
                rules={[{ required: needs.get(name) ?? false, message: t(`dialog.${name}Missing`) }]}
              >
                <Input maxLength={64} autoComplete="off" />
              </Form.Item>
            ),
        )}
        {needs.has("reason") && (
          <Form.Item
            name="reason"
            label={t(needs.get("reason") ? "dialog.reason" : "dialog.reasonOptional")}
            rules={[
              { required: needs.get("reason") ?? false, whitespace: true, message: t("dialog.reasonMissing") },
            ]}
          >
            <Input maxLength={500} autoFocus />
          </Form.Item>
        )}
        {needs.has("occurred_at") && (
          <Form.Item name="occurred" label={t("dialog.occurred")} help={t("dialog.occurredHelp")}>
            <input type="datetime-local" className="order-instant" />
          </Form.Item>
        )}
        {doing.error && <ProblemNote problem={asProblem(doing.error)} />}
        <div className="order-buttons order-dialog-foot">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" danger={isDanger} htmlType="submit" loading={doing.isPending}>
            {isDanger ? t("dialog.danger", { act: offer.title, object }) : offer.title}
          </Button>
        </div>
      </Form>
    </Modal>
  );
}

function bodyOf(offer: Offer, told: Told): Transition {
  const body: Transition = { event: offer.event as Transition["event"] };
  if (offer.fulfilment) body.fulfilment = offer.fulfilment;
  if (told.reason?.trim()) body.reason = told.reason.trim();
  if (told.amount !== undefined && told.amount !== null) {
    body.amount_fen = Math.round(told.amount * MINOR);
  }
  if (told.carrier?.trim()) body.carrier = told.carrier.trim();
  if (told.waybill?.trim()) body.waybill = told.waybill.trim();
  if (told.region?.trim()) body.region = told.region.trim();
  if (told.exclude && told.exclude.length > 0) body.exclude = told.exclude;
  // What people write is the time in Shanghai.
  if (told.occurred) body.occurred_at = `${told.occurred}:00+08:00`;
  return body;
}

function Exclude({
  offer,
  sheet,
  onTrial,
}: {
  offer: Offer;
  sheet: OrderSheet;
  onTrial: () => void;
}) {
  const { t } = useTranslation("order");
  const names = new Map(sheet.parcels.map((parcel) => [parcel.warehouse, parcel.name]));
  const codes = offer.exclude ?? [];
  return (
    <>
      <Form.Item name="exclude" label={t("dialog.exclude")}>
        <Checkbox.Group
          options={codes.map((code) => ({ value: code, label: names.get(code) ?? code }))}
        />
      </Form.Item>
      <p className="note">
        <button type="button" className="as-link" onClick={onTrial}>
          {t("dialog.try")}
        </button>
      </p>
    </>
  );
}

/** What follows: money owed back, stock freed, what must be stopped, what promises become. */
function Follows({ effect }: { effect: Effect }) {
  const { t } = useTranslation("order");
  const lines = [
    effect.refund > 0 && t("dialog.refund", { amount: money(effect.refund, effect.currency) }),
    ...effect.freed.map((one) =>
      t(one.stop ? "dialog.stop" : "dialog.freed", {
        name: one.name,
        units: count(one.units),
        waybill: one.waybill,
      }),
    ),
  ].filter((line): line is string => Boolean(line));
  if (lines.length === 0 && effect.promises.length === 0) return null;
  return (
    <Alert
      type={effect.refund > 0 ? "warning" : "info"}
      className="order-follows"
      title={
        <ul>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
          {effect.promises.map((one) => (
            <li key={one.code}>
              {one.name} <StatusTag state={one.before as PromiseState} /> →{" "}
              <StatusTag state={one.after as PromiseState} />
            </li>
          ))}
        </ul>
      }
    />
  );
}
