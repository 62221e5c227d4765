import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { NegotiationView, OrderPage } from "@/api/types.gen";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { query } from "@/parts/use-asked";

/** Open a call for one order, with the usual windows and all active parties. */
export function OpenCall() {
  const { t } = useTranslation("negotiations");
  const { failed } = useNotice();
  const go = useNavigate();
  const [number, setNumber] = useState("");
  const [isUnknown, setUnknown] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const open = async (kind: "instant" | "half_day") => {
    setBusy(true);
    setUnknown(false);
    try {
      const found = await ask<OrderPage>(`/v1/orders?${query({ q: number.trim(), limit: 10 })}`);
      const order = found.items.find((one) => one.number === number.trim());
      if (!order) {
        setUnknown(true);
        return;
      }
      const made = await ask<NegotiationView>(`/v1/orders/${order.order}/negotiations`, {
        method: "POST",
        json: { kind },
      });
      await go(`/negotiations/${made.id}`);
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={t("openCall")} note={t("openNote")} isFlush>
      <form
        className="negotiations-add"
        onSubmit={(event) => {
          event.preventDefault();
          void open("instant");
        }}
      >
        <label>
          {t("orderNumber")}
          <Input value={number} maxLength={128} required onChange={(event) => setNumber(event.target.value)} />
        </label>
        <Button htmlType="submit" loading={isBusy} disabled={!number.trim()}>
          {t("openInstant")}
        </Button>
        <Button loading={isBusy} disabled={!number.trim()} onClick={() => void open("half_day")}>
          {t("openHalfDay")}
        </Button>
        {isUnknown && (
          <span role="alert" className="note">
            {t("unknownOrder")}
          </span>
        )}
      </form>
    </Card>
  );
}
