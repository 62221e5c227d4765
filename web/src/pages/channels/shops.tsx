import { useQuery } from "@tanstack/react-query";
import { Button, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";

/** A shop on a channel; `path` is where the platform sends its messages. */
export interface Shop {
  account: string;
  channel: string;
  shop: string;
  key: string;
  has_secret: boolean;
  path: string;
}

export const SHOPS_KEY = ["accounts"];

/** The shops, and the addresses that their platforms call. */
export function Shops({ onEdit }: { onEdit: (shop: Shop) => void }) {
  const { t } = useTranslation(["channels", "common"]);
  const shops = useQuery({
    queryKey: SHOPS_KEY,
    queryFn: () => ask<{ items: Shop[] }>("/v1/accounts"),
  });
  const items = shops.data?.items ?? [];
  return (
    <Card
      title={t("shops")}
      note={shops.data && t("shopCount", { count: items.length })}
      className="shops"
      isFlush
    >
      {shops.error && (
        <ProblemNote problem={asProblem(shops.error)} onRetry={() => void shops.refetch()} />
      )}
      {shops.isLoading && <Skeleton kind="rows" rows={3} />}
      {shops.data && items.length === 0 && <p className="note shops-none">{t("noShops")}</p>}
      {items.length > 0 && (
        <table>
          <caption className="visually-hidden">{t("shops")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("columns.channel")}</th>
              <th scope="col">{t("columns.shop")}</th>
              <th scope="col">{t("columns.account")}</th>
              <th scope="col">{t("columns.path")}</th>
              <th scope="col">{t("columns.secret")}</th>
              <th scope="col">{t("columns.act")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((shop) => (
              <tr key={shop.account}>
                <td>{t(`common:channels.${shop.channel}`, { defaultValue: shop.channel })}</td>
                <td>{shop.shop || "—"}</td>
                <td className="mono">{shop.account}</td>
                <td className="mono">
                  <Typography.Text copyable={{ text: `${window.location.origin}${shop.path}` }}>
                    {shop.path}
                  </Typography.Text>
                </td>
                <td>{t(shop.has_secret ? "secretKept" : "secretMissing")}</td>
                <td>
                  <Button size="small" onClick={() => onEdit(shop)}>
                    {t("change")}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
