import { useTranslation } from "react-i18next";
import type { PromiseSheet } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { Compensations, useCompensations } from "@/parts/compensations";
import { pick } from "./words";

interface Props {
  id: string;
  promises: readonly PromiseSheet[];
  onDecided: () => void;
}

/** 赔付: only there when a broken promise owes something. */
export function CompensationCard({ id, promises, onDecided }: Props) {
  const { t } = useTranslation("compensations");
  const list = useCompensations(id);
  if (!list.error && !list.data?.items.length) return null;
  const nameOf = (code: string) => {
    const promise = promises.find((one) => one.code === code);
    return promise ? pick(promise.name) : code;
  };
  return (
    <div data-part="promises evidence">
      <Card title={t("title")}>
        <Compensations order={id} nameOf={nameOf} onDecided={onDecided} />
      </Card>
    </div>
  );
}
