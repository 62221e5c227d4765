import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { amendOrder, listOrderSubstitutes, previewAmendment } from "@/api/sdk.gen";
import type { AmendmentShown, Offered, OrderSheet } from "@/api/types.gen";
import { count, money } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { begin, bodyOf, NOWHERE, substitute, type Draft, type DraftLine } from "./amend-draft";
import { AmendEffect } from "./amend-effect";
import { SubstituteOffers } from "./substitute-offers";
import "./amend.css";

const MINOR = 100;
const SETTLE_MS = 300;
const PLACE = ["name", "phone", "province", "city", "district", "street", "detail"] as const;

interface Props {
  id: string;
  sheet: OrderSheet;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** 改单: what is to be, beside what is; what follows is decided as it would be, then done. */
export default function AmendDialog({ id, sheet, onClose, onDone }: Props) {
  const { t } = useTranslation(["amendments", "common"]);
  const { done } = useNotice();
  const prove = useProven();
  const key = useRef(crypto.randomUUID());
  const [draft, setDraft] = useState<Draft>(() => begin(sheet));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const asked = useSettled(JSON.stringify(bodyOf({ ...draft, reason: "" })));
  const body = bodyOf(draft);
  const path = { order_id: id };
  const shown = useQuery({
    queryKey: ["amendment", id, sheet.seq, asked],
    queryFn: async ({ signal }): Promise<AmendmentShown> => {
      const wanted = JSON.parse(asked) as NonNullable<typeof body>;
      const { data } = await previewAmendment({ path, body: wanted, signal, throwOnError: true });
      return data as unknown as AmendmentShown;
    },
    enabled: asked !== "null",
    staleTime: 0,
    retry: false,
  });
  const offered = useQuery({
    queryKey: ["substitutes", id, sheet.seq],
    queryFn: async ({ signal }) =>
      (await listOrderSubstitutes({ path, signal, throwOnError: true })).data,
    enabled: sheet.lines.some((one) => one.open_units > 0),
  });
  const isFresh = asked === JSON.stringify(bodyOf({ ...draft, reason: "" })) && !shown.isFetching;
  const amending = useMutation({
    mutationFn: () =>
      prove(async () => {
        if (!body || !shown.data) return;
        await amendOrder({
          path,
          body: { ...body, version: shown.data.version },
          headers: { "Idempotency-Key": key.current },
          throwOnError: true,
        });
      }),
    onSuccess: async () => {
      done(t("done"));
      onClose();
      await onDone();
    },
    onError: () => {
      key.current = crypto.randomUUID();
      void onDone();
      void shown.refetch();
    },
  });
  const isReady = body !== null && isFresh && shown.data !== undefined && !shown.error;
  return (
    <Modal
      open
      width={860}
      title={t("title", { number: sheet.number })}
      onCancel={onClose}
      footer={null}
      destroyOnHidden
    >
      <form
        className="amend"
        onSubmit={(event) => {
          event.preventDefault();
          amending.mutate();
        }}
      >
        <Lines
          sheet={sheet}
          lines={draft.lines}
          offered={offered.data?.items ?? []}
          onChange={(lines) => change({ lines })}
        />
        <SubstituteOffers
          id={id}
          sheet={sheet}
          candidates={(offered.data?.items ?? []).filter((one) => one.consent)}
          onDone={onDone}
        />
        <div className="amend-parts">
          <label>
            <span>{t("total")}</span>
            <InputNumber
              aria-label={t("total")}
              prefix={sheet.currency === "CNY" ? "¥" : sheet.currency}
              precision={2}
              min={0}
              value={draft.total === null ? null : draft.total / MINOR}
              placeholder={t("totalHint")}
              onChange={(value) =>
                change({ total: value === null ? null : Math.round(value * MINOR) })
              }
            />
          </label>
          <label>
            <span>{t("wanted")}</span>
            <input
              type="date"
              className="order-instant"
              value={draft.wanted}
              onChange={(event) => change({ wanted: event.target.value })}
            />
          </label>
        </div>
        {draft.receiver ? (
          <fieldset className="amend-place">
            <legend>{t("receiver")}</legend>
            {PLACE.map((name) => (
              <label key={name} data-wide={name === "detail"}>
                <span>{t(`place.${name}`)}</span>
                <Input
                  maxLength={name === "detail" ? 500 : 64}
                  autoComplete="off"
                  value={draft.receiver?.[name]}
                  onChange={(event) =>
                    change({ receiver: { ...(draft.receiver ?? NOWHERE), [name]: event.target.value } })
                  }
                />
              </label>
            ))}
            <p className="note">{t("placeNote")}</p>
          </fieldset>
        ) : (
          <Button
            className="amend-open"
            disabled={sheet.receiver.erased !== ""}
            onClick={() => change({ receiver: NOWHERE })}
          >
            {t("openReceiver")}
          </Button>
        )}
        <label>
          <span>{t("reason")}</span>
          <Input
            aria-label={t("reason")}
            maxLength={500}
            value={draft.reason}
            placeholder={t("reasonHint")}
            onChange={(event) => change({ reason: event.target.value })}
          />
        </label>
        <AmendEffect
          sheet={sheet}
          isAsked={asked !== "null"}
          shown={shown.data}
          error={shown.error}
          onRetry={() => void shown.refetch()}
        />
        {amending.error && <ProblemNote problem={asProblem(amending.error)} />}
        <div className="order-buttons order-dialog-foot">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button
            type="primary"
            htmlType="submit"
            disabled={!isReady || draft.reason.trim() === ""}
            loading={amending.isPending}
          >
            {t("act")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** A value once it has rested: nobody is asked at each key. */
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

interface LinesProps {
  sheet: OrderSheet;
  lines: readonly DraftLine[];
  offered: readonly Offered[];
  onChange: (lines: readonly DraftLine[]) => void;
}

/** Units and prices, each beside what it was; new lines and what may stand in for short ones. */
function Lines({ sheet, lines, offered, onChange }: LinesProps) {
  const { t } = useTranslation("amendments");
  const put = (key: string, part: Partial<DraftLine>) =>
    onChange(lines.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const short = offered.filter(
    (one) =>
      !one.consent &&
      !lines.some((line) => line.replaces === one.line && line.sku === one.substitute),
  );
  return (
    <section className="amend-lines" aria-label={t("lines")}>
      <table>
        <caption className="visually-hidden">{t("lines")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("item")}</th>
            <th scope="col">{t("quantity")}</th>
            <th scope="col">{t("price")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((one) => (
            <tr key={one.key} data-gone={one.line > 0 && one.quantity === 0}>
              <td>
                {one.line || one.replaces ? (
                  <>
                    {one.name} <code className="muted">{one.sku}</code>
                    {one.replaces > 0 && <span className="note"> {t("standsIn", { no: one.replaces })}</span>}
                  </>
                ) : (
                  <Input
                    aria-label={t("newSku")}
                    placeholder={t("newSku")}
                    maxLength={64}
                    value={one.sku}
                    onChange={(event) => put(one.key, { sku: event.target.value })}
                  />
                )}
              </td>
              <td>
                <InputNumber
                  aria-label={t("quantityOf", { name: one.name || one.sku })}
                  min={one.line ? 0 : 1}
                  max={1_000_000}
                  precision={0}
                  value={one.quantity}
                  onChange={(value) => value !== null && put(one.key, { quantity: value })}
                />
                {one.line > 0 && one.quantity !== one.was && (
                  <span className="note">{t("was", { value: count(one.was) })}</span>
                )}
                {one.line > 0 && one.quantity > 0 && (
                  <button type="button" className="as-link" onClick={() => put(one.key, { quantity: 0 })}>
                    {t("giveUp")}
                  </button>
                )}
                {one.line === 0 && (
                  <button
                    type="button"
                    className="as-link"
                    onClick={() => onChange(lines.filter((other) => other !== one))}
                  >
                    {t("drop")}
                  </button>
                )}
              </td>
              <td>
                <InputNumber
                  aria-label={t("priceOf", { name: one.name || one.sku })}
                  min={0}
                  precision={2}
                  placeholder={t("listPrice")}
                  value={one.line || one.price !== one.priceWas ? one.price / MINOR : null}
                  onChange={(value) =>
                    put(one.key, { price: value === null ? one.priceWas : Math.round(value * MINOR) })
                  }
                />
                {one.line > 0 && one.price !== one.priceWas && (
                  <span className="note">{t("was", { value: money(one.priceWas, sheet.currency) })}</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {short.map((one) => (
        <p key={`${one.line} ${one.substitute}`} className="note">
          {t("offered", {
            no: one.line,
            short: count(one.short),
            name: one.name,
            most: money(one.most, sheet.currency),
          })}{" "}
          <button type="button" className="as-link" onClick={() => onChange(substitute(lines, one))}>
            {t("takeSubstitute")}
          </button>
        </p>
      ))}
      <Button
        size="small"
        icon={<PlusOutlined />}
        onClick={() => onChange([...lines, fresh(lines.length)])}
      >
        {t("addLine")}
      </Button>
    </section>
  );
}

function fresh(nth: number): DraftLine {
  return { key: `new ${nth} ${crypto.randomUUID()}`, line: 0, sku: "", name: "", was: 0, quantity: 1, price: 0, priceWas: 0, replaces: 0 };
}
