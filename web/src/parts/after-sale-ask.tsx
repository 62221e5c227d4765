import { useMutation, useQuery } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CaseShown, Reckoning } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { Arithmetic } from "@/pages/after-sales/arithmetic";
import { KINDS, REASONS } from "@/pages/after-sales/words";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";

interface Props {
  order: string;
  /** What was paid and is left, line by line. */
  known: Reckoning;
  parcels: readonly { fulfilment: number; waybill: string; carrier: string }[];
  onClose: () => void;
  onDone: () => void;
}

/** 申请售后: what, why, which units; what it is worth is reckoned while it is filled in. */
export default function AfterSaleAsk({ order, known, parcels, onClose, onDone }: Props) {
  const { t } = useTranslation(["after-sales", "common"]);
  const { done } = useNotice();
  const [kind, setKind] = useState<string>("return");
  const [reason, setReason] = useState<string>("quality");
  const [units, setUnits] = useState<Readonly<Record<number, number>>>({});
  const [lowered, setLowered] = useState<Readonly<Record<number, number>>>({});
  const [own, setOwn] = useState(0);
  const [sku, setSku] = useState("");
  const [price, setPrice] = useState(0);
  const [words, setWords] = useState("");
  const sent = parcels.filter((one) => one.carrier);
  const [parcel, setParcel] = useState(sent[0]?.fulfilment ?? 0);
  const hasLines = kind !== "compensation" && kind !== "claim";
  // Price protection pays an amount, and nothing comes back for it.
  const isPrice = kind === "refund_only" && reason === "price";
  const chosen = isPrice
    ? known.lines.map((n) => ({ line: n.line, lowered: lowered[n.line] ?? 0 })).filter((n) => n.lowered)
    : known.lines.map((n) => ({ line: n.line, quantity: units[n.line] ?? 0 })).filter((n) => n.quantity);
  const lines = hasLines ? chosen : [];
  const body = {
    kind,
    reason,
    lines,
    words,
    by_buyer: words.trim() !== "",
    ...(kind === "compensation" ? { own_fen: own } : {}),
    ...(kind === "claim" ? { fulfilment: parcel } : {}),
    ...(kind === "exchange" && sku
      ? { wanted: [{ sku, quantity: lines.length === 1 ? (units[lines[0]?.line ?? 0] ?? 1) : 1, price }] }
      : {}),
  };
  const quote = useQuery({
    queryKey: ["after-sales", "quote", order, kind, reason, JSON.stringify(lines)],
    queryFn: ({ signal }) =>
      ask<Reckoning>(`/v1/orders/${order}/after-sales/quote`, {
        method: "POST",
        json: { kind, reason, lines },
        signal,
      }),
    enabled: lines.length > 0,
  });
  const open = useMutation({
    mutationFn: () =>
      ask<CaseShown>(`/v1/orders/${order}/after-sales`, { method: "POST", json: body }),
    onSuccess: (found) => {
      done(t("ask.done"), { to: `/after-sales/${found.item.id}` });
      onDone();
      onClose();
    },
  });
  const worth = kind === "compensation" ? own : (quote.data?.now ?? 0);
  const isMissing =
    (hasLines && lines.length === 0) ||
    (kind === "compensation" && own <= 0) ||
    (kind === "exchange" && (!sku.trim() || lines.length !== 1)) ||
    (kind === "claim" && !parcel);
  return (
    <Modal
      open
      width={720}
      title={t("ask.title")}
      okText={worth ? t("ask.ok", { amount: money(worth, known.currency) }) : t("ask.okPlain")}
      okButtonProps={{ disabled: isMissing }}
      cancelText={t("common:acts.back")}
      confirmLoading={open.isPending}
      onOk={() => open.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={t("ask.kind")} htmlFor="case-kind">
          <Select
            id="case-kind"
            value={kind}
            options={KINDS.map((one) => ({ value: one as string, label: t(`kinds.${one}`) }))}
            onChange={setKind}
          />
        </Form.Item>
        <Form.Item label={t("ask.reason")} htmlFor="case-reason">
          <Select
            id="case-reason"
            value={reason}
            options={REASONS.map((one) => ({ value: one as string, label: t(`reasons.${one}`) }))}
            onChange={setReason}
          />
        </Form.Item>
        {hasLines && (
          <fieldset className="case-lines">
            <legend>{t(isPrice ? "ask.lowered" : "ask.lines")}</legend>
            {known.lines.map((n) =>
              isPrice ? (
                <label key={n.line}>
                  <span>
                    {n.title || n.sku} × {n.quantity} · {money(n.left, known.currency)}
                  </span>
                  <InputNumber
                    aria-label={`${n.title || n.sku} ${t("ask.lowered")}`}
                    min={0}
                    max={n.left / 100}
                    precision={2}
                    value={(lowered[n.line] ?? 0) / 100}
                    onChange={(value) =>
                      setLowered((old) => ({ ...old, [n.line]: Math.round(Number(value ?? 0) * 100) }))
                    }
                  />
                </label>
              ) : (
                  <label key={n.line}>
                    <span>
                      {n.title || n.sku} × {n.quantity} · {t("ask.sent", { n: n.shipped })}
                    </span>
                    <InputNumber
                      aria-label={`${n.title || n.sku} ${t("money.units")}`}
                      min={0}
                      max={kind === "refund_only" ? n.units_left : Math.min(n.units_left, n.shipped - n.returned)}
                      precision={0}
                      value={units[n.line] ?? 0}
                      onChange={(value) => setUnits((old) => ({ ...old, [n.line]: Number(value ?? 0) }))}
                    />
                  </label>
              ),
            )}
          </fieldset>
        )}
        {kind === "exchange" && (
          <div className="case-wanted">
            <Form.Item label={t("ask.wanted")} htmlFor="case-sku">
              <Input id="case-sku" maxLength={64} value={sku} onChange={(e) => setSku(e.target.value)} />
            </Form.Item>
            <Form.Item label={t("ask.price")} htmlFor="case-price">
              <InputNumber
                id="case-price"
                min={0}
                precision={2}
                value={price / 100}
                onChange={(value) => setPrice(Math.round(Number(value ?? 0) * 100))}
              />
            </Form.Item>
          </div>
        )}
        {kind === "compensation" && (
          <Form.Item label={t("ask.own")} htmlFor="case-own">
            <InputNumber
              id="case-own"
              min={0}
              precision={2}
              value={own / 100}
              onChange={(value) => setOwn(Math.round(Number(value ?? 0) * 100))}
            />
          </Form.Item>
        )}
        {kind === "claim" && (
          <Form.Item label={t("ask.parcel")} htmlFor="case-parcel">
            <Select
              id="case-parcel"
              value={parcel}
              options={sent.map((one) => ({
                value: one.fulfilment,
                label: `${one.carrier} ${one.waybill}`.trim(),
              }))}
              onChange={setParcel}
            />
          </Form.Item>
        )}
        <Form.Item label={t("ask.said")} htmlFor="case-words">
          <Input.TextArea
            id="case-words"
            rows={2}
            maxLength={2000}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        </Form.Item>
      </Form>
      {quote.data && lines.length > 0 && <Arithmetic found={quote.data} />}
      {(open.error || quote.error) && (
        <ProblemNote problem={asProblem(open.error ?? quote.error)} />
      )}
    </Modal>
  );
}
