import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Answer } from "@/api/types.gen";
import { count, dated, money } from "@/format";
import { useWords } from "@/pages/orders/use-words";
import { Card } from "@/parts/card";
import { Named } from "@/parts/named";
import { type PromiseState, StatusTag } from "@/parts/status-tag";

/** What became of the order: where its goods come from, what was promised, or why it waits. */
export function Made({ made, onNext }: { made: Answer; onNext: () => void }) {
  const { t } = useTranslation(["new-order", "common", "orders"]);
  const words = useWords().data;
  const called = (code: string) => words?.warehouses.find((one) => one.code === code)?.name ?? "";
  const holds = made.holds ?? [];
  return (
    <Card className="new-order-made" title={t(made.existing ? "known" : "placed")} note={made.number}>
      <p>
        {t(`common:stages.${made.state}`)} · {money(made.total)}
      </p>
      {holds.length > 0 && (
        <p className="new-order-held" role="alert">
          {t("held")}
          {holds.map((one) => t(`orders:holds.${one}`, { defaultValue: one })).join(t("orders:comma"))}
        </p>
      )}
      {(made.open_units ?? 0) > 0 && (
        <p className="new-order-held">{t("short", { number: count(made.open_units) })}</p>
      )}
      {(made.plan ?? []).length > 0 && (
        <>
          <h3>{t("plan")}</h3>
          <ul>
            {made.plan?.map((one) => (
              <li key={one.fulfilment}>
                <Named name={called(one.warehouse)} code={one.warehouse} /> {one.lines.map((line) => `${line.sku} ×${count(line.quantity)}`).join(t("orders:comma"))}
              </li>
            ))}
          </ul>
        </>
      )}
      {(made.promises ?? []).length > 0 && (
        <>
          <h3>{t("promises")}</h3>
          <ul>
            {made.promises?.map((one) => (
              <li key={one.code}>
                <StatusTag state={one.state as PromiseState} /> {one.text}
                {one.due && (
                  <span className="note"> {t("common:clock.due", { at: dated(one.due) })}</span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <p className="new-order-buttons">
        <Link to={`/orders/${made.order}`}>
          <Button type="primary">{t("open")}</Button>
        </Link>
        <Button onClick={onNext}>{t("another")}</Button>
      </p>
    </Card>
  );
}
