import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { OrderCases } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { useNow } from "@/live/use-live";
import { toneOf, useWords } from "@/pages/after-sales/words";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const AfterSaleAsk = lazy(() => import("@/parts/after-sale-ask"));

interface Props {
  id: string;
  parcels: readonly { fulfilment: number; waybill: string; carrier: string }[];
  onDone: () => void;
}

/** 售后: the cases of the order, what is left to pay back, and the request for another. */
export function AfterSalesCard({ id, parcels, onDone }: Props) {
  const { t } = useTranslation("after-sales");
  const words = useWords();
  const now = useNow();
  const queries = useQueryClient();
  const mayOpen = useMay("after_sale.open");
  const mayRead = useMay("after_sale.read");
  const [isAsking, setAsking] = useState(false);
  const list = useQuery({
    queryKey: ["after-sales", "order", id],
    queryFn: ({ signal }) => ask<OrderCases>(`/v1/orders/${id}/after-sales`, { signal }),
    enabled: mayRead,
  });
  const found = list.data;
  if (!mayRead) return null;
  if (!found) {
    if (!list.error) return null;
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  }
  if (found.items.length === 0 && !(mayOpen && found.reckoning.paid > 0)) return null;
  const { currency, paid, left } = found.reckoning;
  return (
    <div data-part="goods">
      <Card
        title={t("title")}
        note={t("leftOf", { paid: money(paid, currency), left: money(left, currency) })}
        extra={
          mayOpen && (
            <Button size="small" onClick={() => setAsking(true)}>
              {t("open")}
            </Button>
          )
        }
      >
        {found.items.length === 0 ? (
          <p className="note">{t("none")}</p>
        ) : (
          <ul className="order-cases">
            {found.items.map((item) => (
              <li key={item.id}>
                <Link to={`/after-sales/${item.id}`}>
                  {words.kind(item)} {money(item.amount, item.currency)}
                </Link>
                <ToneTag tone={toneOf(item)}>{words.state(item)}</ToneTag>
                <span className="note">
                  {words.reason(item)}
                  {item.due && ` · ${words.left(item, now)}`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Suspense>
        {isAsking && (
          <AfterSaleAsk
            order={id}
            known={found.reckoning}
            parcels={parcels}
            onClose={() => setAsking(false)}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: ["after-sales"] });
              onDone();
            }}
          />
        )}
      </Suspense>
    </div>
  );
}
