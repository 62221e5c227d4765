import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CaseShown } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { useNotice } from "@/parts/notice";
import { useMay } from "@/session";
import { Arithmetic } from "./arithmetic";
import { AFTER_SALES_KEY } from "./words";

type Told = Record<string, unknown> & { act: string };
interface Field {
  name: "reason" | "carrier" | "waybill" | "warehouse" | "receipt" | "amount_fen";
  isNeeded?: boolean;
}
interface Act {
  act: string;
  event: string;
  right: string;
  fields?: readonly Field[];
  isDanger?: boolean;
  /** Shown with the arithmetic, and what was seen is what is granted. */
  isMoney?: boolean;
}

const ACTS: readonly Act[] = [
  { act: "agree", event: "agree", right: "after_sale.decide", isMoney: true },
  { act: "agree", event: "grant", right: "after_sale.decide", isMoney: true },
  { act: "replace", event: "replace", right: "after_sale.decide" },
  {
    act: "send_back",
    event: "send_back",
    right: "after_sale.open",
    fields: [{ name: "carrier" }, { name: "waybill", isNeeded: true }],
  },
  {
    act: "receive",
    event: "receive",
    right: "after_sale.inspect",
    fields: [{ name: "warehouse", isNeeded: true }],
  },
  {
    act: "record",
    event: "pay",
    right: "refund.record",
    fields: [{ name: "receipt", isNeeded: true }],
  },
  {
    act: "file",
    event: "file",
    right: "claim.write",
    fields: [{ name: "amount_fen", isNeeded: true }, { name: "receipt" }],
  },
  {
    act: "settle",
    event: "settle",
    right: "claim.write",
    fields: [{ name: "amount_fen", isNeeded: true }, { name: "receipt" }],
  },
  { act: "reject", event: "reject", right: "claim.write" },
  {
    act: "refuse",
    event: "refuse",
    right: "after_sale.decide",
    fields: [{ name: "reason", isNeeded: true }],
    isDanger: true,
  },
  { act: "withdraw", event: "withdraw", right: "after_sale.open", fields: [{ name: "reason" }] },
];

/** What may be done with a case now; money is agreed to on its arithmetic. */
export function Acts({ found }: { found: CaseShown }) {
  const { t } = useTranslation("after-sales");
  const rights: Record<string, boolean> = {
    "after_sale.decide": useMay("after_sale.decide"),
    "after_sale.open": useMay("after_sale.open"),
    "after_sale.inspect": useMay("after_sale.inspect"),
    "refund.record": useMay("refund.record"),
    "claim.write": useMay("claim.write"),
  };
  const [doing, setDoing] = useState<Act | null>(null);
  const tell = useTell(found, () => setDoing(null));
  const { item } = found;
  const isExchange = item.kind === "exchange";
  const isBack = item.kind === "return" || isExchange;
  const shown = ACTS.filter(
    (one) =>
      rights[one.right] &&
      found.events.includes(one.event) &&
      (one.event !== "replace" || isExchange) &&
      (one.event !== "agree" || isBack) &&
      (one.event !== "grant" || !isBack || item.state === "inspected"),
  );
  const amount = money(found.reckoning.now, item.currency);
  if (shown.length === 0 && !item.is_stuck) return null;
  return (
    <div className="after-sale-acts">
      {shown.map((one, at) => (
        <Button
          key={`${one.act} ${one.event}`}
          type={at === 0 ? "primary" : "default"}
          danger={one.isDanger ?? false}
          onClick={() => setDoing(one)}
        >
          {t(`acts.${one.act === "agree" ? one.event : one.act}`, { amount })}
        </Button>
      ))}
      {item.is_stuck && rights["refund.record"] && (
        <Button loading={tell.isPending} onClick={() => tell.mutate({ act: "retry" })}>
          {t("acts.retry", { amount })}
        </Button>
      )}
      {doing && (
        <Dialog
          act={doing}
          found={found}
          isPending={tell.isPending}
          onClose={() => setDoing(null)}
          onTell={(told) => tell.mutate(told)}
        />
      )}
    </div>
  );
}

function useTell(found: CaseShown, onDone: () => void) {
  const { t } = useTranslation("after-sales");
  const queries = useQueryClient();
  const { done, failed } = useNotice();
  return useMutation({
    mutationFn: (told: Told) =>
      ask<CaseShown>(`/v1/after-sales/${found.item.id}/acts`, { method: "POST", json: told }),
    onSuccess: async (answer) => {
      done(t("said", { state: t(`states.${answer.item.state}`) }));
      onDone();
      queries.setQueryData([...AFTER_SALES_KEY, "one", found.item.id], answer);
      await queries.invalidateQueries({ queryKey: AFTER_SALES_KEY });
      await queries.invalidateQueries({ queryKey: ["orders"] });
    },
    onError: failed,
  });
}

interface DialogProps {
  act: Act;
  found: CaseShown;
  isPending: boolean;
  onClose: () => void;
  onTell: (told: Told) => void;
}

function Dialog({ act, found, isPending, onClose, onTell }: DialogProps) {
  const { t } = useTranslation(["after-sales", "common"]);
  const fields = act.fields ?? [];
  const [values, setValues] = useState<Record<string, string | number>>({
    amount_fen: found.item.amount,
    warehouse: found.item.warehouse,
  });
  const word = act.act === "agree" ? act.event : act.act;
  const isMissing = fields.some(
    (field) => field.isNeeded && !String(values[field.name] ?? "").trim(),
  );
  const shares = found.reckoning.lines.filter((n) => n.now > 0);
  const [amounts, setAmounts] = useState<Readonly<Record<number, number>>>({});
  const [waives, setWaives] = useState(false);
  const isCut = act.isMoney && shares.some((n) => (amounts[n.line] ?? n.now) !== n.now);
  const total = shares.reduce(
    (sum, n) => sum + (amounts[n.line] ?? n.now) - n.now,
    found.reckoning.now,
  );
  const told: Told = { act: act.act };
  if (act.act === "replace") told.waives = waives;
  if (isCut)
    told.sum = {
      shares: shares.map((n) => ({
        line: n.line,
        quantity: n.units,
        amount: amounts[n.line] ?? n.now,
      })),
      postage: found.reckoning.postage_now,
      over: found.reckoning.over_now,
    };
  for (const field of fields) told[field.name] = values[field.name] ?? "";
  if (act.isMoney) told.amount_fen = total;
  const amount = money(total, found.item.currency);
  const put = (name: string, value: string | number) =>
    setValues((old) => ({ ...old, [name]: value }));
  return (
    <Modal
      open
      width={act.isMoney ? 720 : 416}
      title={t(`acts.${word}`, { amount })}
      okText={t(`acts.${word}`, { amount })}
      okButtonProps={{ danger: act.isDanger ?? false, disabled: isMissing }}
      cancelText={t("common:acts.back")}
      confirmLoading={isPending}
      onOk={() => onTell(told)}
      onCancel={onClose}
    >
      {act.isMoney && <Arithmetic found={found.reckoning} />}
      {act.isMoney && found.item.amount > found.second_fen && <p className="note">{t("needsSecond")}</p>}
      {act.isMoney &&
        shares.map((n) => (
          <label key={n.line} className="after-sale-field">
            <span>{t("payFor", { goods: n.title || n.sku })}</span>
            <InputNumber
              min={0}
              max={n.left / 100}
              precision={2}
              value={(amounts[n.line] ?? n.now) / 100}
              onChange={(value) =>
                setAmounts((old) => ({ ...old, [n.line]: Math.round(Number(value ?? 0) * 100) }))
              }
            />
          </label>
        ))}
      {act.act === "replace" && (
        <>
          <p className="note">{t("replaceNote")}</p>
          <Checkbox checked={waives} onChange={(event) => setWaives(event.target.checked)}>
            {t("waives")}
          </Checkbox>
        </>
      )}
      {act.act === "record" && <p className="note">{t("recordNote")}</p>}
      {fields.map((field) => (
        <label key={field.name} className="after-sale-field">
          <span>{t(`fields.${field.name}`)}</span>
          {field.name === "amount_fen" ? (
            <InputNumber
              min={0}
              precision={2}
              value={Number(values.amount_fen) / 100}
              onChange={(value) => put("amount_fen", Math.round(Number(value ?? 0) * 100))}
            />
          ) : (
            <Input
              maxLength={field.name === "reason" ? 500 : 64}
              value={String(values[field.name] ?? "")}
              onChange={(event) => put(field.name, event.target.value)}
            />
          )}
        </label>
      ))}
    </Modal>
  );
}
