import { useTranslation } from "react-i18next";
import type { PromiseSheet } from "@/api/types.gen";
import { BuyerRequests, useRequests } from "@/parts/buyer-requests";
import { Card } from "@/parts/card";
import { pick } from "./words";

interface Props {
  id: string;
  currency: string;
  promises: readonly PromiseSheet[];
  onDecided: () => void;
}

/** 买家申请: only there when the buyer asked for something, or a breach gave them a right. */
export function RequestsCard({ id, currency, promises, onDecided }: Props) {
  const { t } = useTranslation("requests");
  const list = useRequests(id);
  const { items = [], powers = [], notices = [] } = list.data ?? {};
  if (!list.error && items.length + powers.length + notices.length === 0) return null;
  const nameOf = (code: string) => {
    const promise = promises.find((one) => one.code === code);
    return promise ? pick(promise.name) : code;
  };
  return (
    <Card title={t("title")}>
      <BuyerRequests order={id} currency={currency} nameOf={nameOf} onDecided={onDecided} />
    </Card>
  );
}
