import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Input, Modal, Select } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { holdOrder, listHoldReasons } from "@/api/sdk.gen";
import type { NewHold, Offer, OrderSheet } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ReversibilityTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { wide } from "./words";
import "./amend.css";

const OWN = "";
/** Said by amendments alone, never by hand. */
const BY_ITSELF = new Set(["supplement_due"]);

interface Props {
  id: string;
  offer: Offer;
  sheet: OrderSheet;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** 挂起: why, until when, and whether its stock is free for others meanwhile. */
export default function HoldDialog({ id, offer, sheet, onClose, onDone }: Props) {
  const { t } = useTranslation(["amendments", "order", "common"]);
  const { done } = useNotice();
  const prove = useProven();
  const key = useRef(crypto.randomUUID());
  const [code, choose] = useState(OWN);
  const [words, say] = useState("");
  const [until, end] = useState("");
  const [frees, free] = useState<boolean | null>(null);
  const reasons = useQuery({
    queryKey: ["hold-reasons"],
    queryFn: async ({ signal }) => (await listHoldReasons({ signal, throwOnError: true })).data,
    staleTime: Infinity,
  });
  const known = reasons.data?.items.find((one) => one.reason === code);
  const reason = code || words.trim();
  const holding = useMutation({
    mutationFn: () =>
      prove(async () => {
        const body: NewHold = { reason };
        // What people write is the time in Shanghai.
        if (until) body.until = `${until}:00+08:00`;
        if (frees !== null) body.frees = frees;
        await holdOrder({
          path: { order_id: id },
          body,
          headers: { "Idempotency-Key": key.current },
          throwOnError: true,
        });
      }),
    onSuccess: async () => {
      done(t("order:acted", { act: offer.title }));
      onClose();
      await onDone();
    },
    onError: () => {
      key.current = crypto.randomUUID();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("order:dialog.title", { act: offer.title, object: sheet.number })}
      onCancel={onClose}
      footer={null}
      destroyOnHidden
    >
      <p className="order-legal">
        <span>{wide(offer.legal)}</span> <ReversibilityTag value={offer.reversible} />
      </p>
      <form
        className="amend"
        onSubmit={(event) => {
          event.preventDefault();
          holding.mutate();
        }}
      >
        <label>
          <span>{t("hold.reason")}</span>
          <Select
            aria-label={t("hold.reason")}
            value={code}
            loading={reasons.isPending}
            options={[
              { value: OWN, label: t("hold.own") },
              ...(reasons.data?.items ?? [])
                .filter((one) => !BY_ITSELF.has(one.reason) && !sheet.holds.includes(one.reason))
                .map((one) => ({ value: one.reason, label: byLocale(wide(one.zh), one.en) })),
            ]}
            onChange={(value) => {
              choose(value);
              free(null);
            }}
          />
        </label>
        {code === OWN && (
          <label>
            <span>{t("order:dialog.reason")}</span>
            <Input
              aria-label={t("order:dialog.reason")}
              maxLength={500}
              autoFocus
              value={words}
              onChange={(event) => say(event.target.value)}
            />
          </label>
        )}
        <label>
          <span>{t("hold.until")}</span>
          <input
            type="datetime-local"
            className="order-instant"
            value={until}
            onChange={(event) => end(event.target.value)}
          />
        </label>
        <Checkbox checked={frees ?? known?.frees ?? false} onChange={(event) => free(event.target.checked)}>
          {t("hold.frees")}
        </Checkbox>
        <p className="note">{t(`hold.ends.${known?.awaits || (until ? "time" : "person")}`)}</p>
        {reasons.error && (
          <ProblemNote problem={asProblem(reasons.error)} onRetry={() => void reasons.refetch()} />
        )}
        {holding.error && <ProblemNote problem={asProblem(holding.error)} />}
        <div className="order-buttons order-dialog-foot">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" disabled={!reason} loading={holding.isPending}>
            {offer.title}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
