import { Input, InputNumber, Radio, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { TypePayment } from "@/api/types.gen";
import { Field } from "./said";
import { WhenInput } from "./spans";

interface PaymentProps {
  payment: TypePayment;
  at: number;
  onChange: (changes: Partial<TypePayment>) => void;
}

/** A payment of a type: its amount, its window, and what a missed one means. */
export function PaymentPart({ payment, at, onChange }: PaymentProps) {
  const { t } = useTranslation("order-types");
  const name = t(`payments.${payment.stage}`);
  const way = payment.rest ? "rest" : payment.amount_fen ? "amount" : "share";
  const isDeposit = payment.stage === "deposit";
  const clause = payment.clause ?? {};
  return (
    <section className="order-types-part" aria-label={name}>
      <h3>{name}</h3>
      <div className="order-types-grid">
        <Field label={t("amount")} at={`/payments/${at}`}>
          {way === "rest" ? (
            <span>{t("ways.rest")}</span>
          ) : (
            <span className="order-types-when">
              <InputNumber
                aria-label={t("amountOf", { name })}
                min={0}
                max={way === "share" ? 100 : 1_000_000}
                precision={way === "share" ? 1 : 2}
                value={
                  way === "share" ? (payment.permille ?? 0) / 10 : (payment.amount_fen ?? 0) / 100
                }
                onChange={(n) =>
                  onChange(
                    way === "share"
                      ? { permille: Math.round((n ?? 0) * 10), amount_fen: 0 }
                      : { amount_fen: Math.round((n ?? 0) * 100), permille: 0 },
                  )
                }
              />
              <Select
                aria-label={t("wayOf", { name })}
                value={way}
                options={(["share", "amount"] as const).map((one) => ({
                  value: one,
                  label: t(`ways.${one}`),
                }))}
                onChange={(next) =>
                  onChange(
                    next === "share"
                      ? { permille: 100, amount_fen: 0 }
                      : { amount_fen: 1_000, permille: 0 },
                  )
                }
              />
            </span>
          )}
        </Field>
        {isDeposit && (
          <Field label={t("counts")}>
            <InputNumber
              aria-label={t("counts")}
              min={1}
              max={10}
              precision={1}
              value={(payment.counts_permille ?? 1000) / 1000}
              onChange={(n) => onChange({ counts_permille: Math.round((n ?? 1) * 1000) })}
            />
          </Field>
        )}
        {!isDeposit && payment.stage === "tail" && (
          <WhenInput
            label={t("payOpens", { name })}
            value={payment.opens ?? ""}
            none={t("atOnce")}
            onChange={(opens) => onChange({ opens })}
          />
        )}
        <WhenInput
          label={t("payCloses", { name })}
          value={payment.closes ?? ""}
          none={t("never")}
          onChange={(closes) => onChange({ closes })}
        />
        <WhenInput
          label={t("graceOf", { name })}
          value={payment.grace ?? ""}
          none={t("noGrace")}
          spanOnly
          onChange={(grace) => onChange({ grace })}
        />
        {payment.stage === "tail" && (
          <Field label={t("missed")} isWide>
            <Radio.Group
              aria-label={t("missed")}
              value={payment.missed ?? "cancel"}
              options={(["forfeit", "refund"] as const).map((one) => ({
                value: one,
                label: t(`missedWays.${one}`),
              }))}
              onChange={(event) => onChange({ missed: event.target.value })}
            />
          </Field>
        )}
        {isDeposit && (
          <Field label={t("refundable")}>
            <span>
              <Switch
                aria-label={t("refundable")}
                checked={payment.refundable ?? false}
                onChange={(refundable) => onChange({ refundable })}
              />
            </span>
          </Field>
        )}
        {payment.stage !== "whole" && (
          <>
            <Field label={t("clauseZh", { name })} at={`/payments/${at}/clause/zh`} isWide>
              <Input.TextArea
                aria-label={t("clauseZh", { name })}
                rows={2}
                maxLength={2000}
                value={clause.zh}
                onChange={(event) => onChange({ clause: { ...clause, zh: event.target.value } })}
              />
            </Field>
            <Field label={t("clauseEn", { name })} at={`/payments/${at}/clause/en`} isWide>
              <Input.TextArea
                aria-label={t("clauseEn", { name })}
                rows={2}
                maxLength={2000}
                value={clause.en}
                onChange={(event) => onChange({ clause: { ...clause, en: event.target.value } })}
              />
            </Field>
          </>
        )}
      </div>
    </section>
  );
}
