import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Input, Popover } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { revealPersonalData } from "@/api/sdk.gen";
import type { OrderSheet, Revealed } from "@/api/types.gen";
import { exact, near } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

type Field = "name" | "phone" | "address";
const FIELDS: readonly Field[] = ["name", "phone", "address"];
const REASON_CHARACTERS = 2;

/** Who receives, masked by role; plain for a reason, and masked again after a minute. */
export function ReceiverCard({
  sheet,
  id,
  onSaid,
}: {
  sheet: OrderSheet;
  id: string;
  onSaid: () => Promise<void>;
}) {
  const { t } = useTranslation("order");
  const mayReveal = useMay("order.reveal");
  const [shown, show] = useState<Revealed | null>(null);
  const [isOpen, open] = useState(false);
  const until = shown?.until;
  useEffect(() => {
    if (!until) return undefined;
    const timer = setTimeout(() => show(null), Math.max(0, Date.parse(until) - Date.now()));
    return () => clearTimeout(timer);
  }, [until]);
  const to = sheet.receiver;
  const masked = FIELDS.filter((field) => to.masked.includes(field));
  const place = [to.country === "CN" ? "" : to.country, to.province, to.city, to.district];
  const address = shown?.address;
  const where = address
    ? [address.country === "CN" ? "" : address.country, address.province, address.city,
        address.district, address.street, address.detail]
    : [...place, to.address];
  return (
    <Card
      title={t("receiver.title")}
      note={to.erased ? undefined : t(masked.length > 0 ? "receiver.masked" : "receiver.plain")}
      extra={
        mayReveal && masked.length > 0 && !to.encrypted && !shown ? (
          <Popover
            trigger="click"
            placement="topRight"
            open={isOpen}
            onOpenChange={open}
            destroyOnHidden
            title={t("receiver.reveal")}
            content={
              <Reason
                id={id}
                fields={masked}
                onShown={(value) => {
                  show(value);
                  open(false);
                  void onSaid();
                }}
              />
            }
          >
            <button type="button" className="as-link">
              {t("receiver.reveal")}
            </button>
          </Popover>
        ) : shown ? (
          <button type="button" className="as-link" onClick={() => show(null)}>
            {t("receiver.hide")}
          </button>
        ) : undefined
      }
    >
      {to.erased ? (
        <p className="muted" title={exact(to.erased)}>
          {t("receiver.erased", { at: near(to.erased) })}
        </p>
      ) : (
        <address className="order-receiver" aria-live="polite">
          <span>{shown?.name ?? to.name}</span> <span>{shown?.phone ?? to.phone}</span>
          <span className="order-address">
            {[...new Set(where.filter(Boolean))].join(" ") || "—"}
          </span>
          {to.encrypted && <span className="note">{t("receiver.encrypted")}</span>}
        </address>
      )}
    </Card>
  );
}

function Reason({
  id,
  fields,
  onShown,
}: {
  id: string;
  fields: readonly Field[];
  onShown: (value: Revealed) => void;
}) {
  const { t } = useTranslation("order");
  const [reason, say] = useState("");
  const [wanted, want] = useState<Field[]>([...fields]);
  const reveal = useMutation({
    mutationFn: async () => {
      const { data } = await revealPersonalData({
        path: { order_id: id },
        body: { fields: wanted, reason: reason.trim() },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: onShown,
  });
  const isReady = reason.trim().length >= REASON_CHARACTERS && wanted.length > 0;
  return (
    <form
      className="order-reveal"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) reveal.mutate();
      }}
    >
      <Checkbox.Group
        value={wanted}
        onChange={(next) => want(next as Field[])}
        options={fields.map((field) => ({ value: field, label: t(`receiver.fields.${field}`) }))}
      />
      <label>
        {t("receiver.reason")}
        <Input
          autoFocus
          value={reason}
          maxLength={200}
          onChange={(event) => say(event.target.value)}
        />
      </label>
      <p className="note">{t("receiver.note")}</p>
      {reveal.error && <ProblemNote problem={asProblem(reveal.error)} />}
      <Button type="primary" htmlType="submit" disabled={!isReady} loading={reveal.isPending}>
        {t("receiver.reveal")}
      </Button>
    </form>
  );
}
