import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { GroupOrder, GroupOrders, GroupWatched } from "@/api/types.gen";
import { ask } from "@/client";
import { count, money } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";

const LIMIT = 50;

/** The orders of a group: who has paid, and where each is. */
export function GroupOrdersList({ group }: { group: GroupWatched }) {
  const { t } = useTranslation(["group-buys", "common"]);
  const list = useKeyset<GroupOrder, GroupOrders>({
    queryKey: ["group-buys", "orders", group.type, group.code],
    fetch: (cursor, signal) =>
      ask(
        `/v1/order-types/${group.type}/orders?${query({ group: group.code, limit: LIMIT, cursor })}`,
        { signal },
      ),
  });
  const columns: SmallColumn<GroupOrder>[] = [
    {
      key: "number",
      title: t("columns.number"),
      render: (one) => <Link to={`/orders/${one.order}`}>{one.number || one.order.slice(0, 8)}</Link>,
    },
    { key: "paid", title: t("columns.paid"), render: (one) => t(one.paid ? "isPaid" : "isUnpaid") },
    { key: "state", title: t("columns.state"), render: (one) => t(`common:stages.${one.state}`) },
    { key: "units", title: t("columns.units"), isNumber: true, render: (one) => count(one.units) },
    { key: "total", title: t("columns.total"), isNumber: true, render: (one) => money(one.total) },
  ];
  if (list.problem) return <ProblemNote problem={list.problem} onRetry={list.onRetry} />;
  if (list.isLoading && list.rows.length === 0) return <Skeleton kind="rows" rows={4} />;
  return (
    <>
      <SmallTable
        caption={t("ordersOf", { code: group.code })}
        columns={columns}
        rows={list.rows}
        keyOf={(one) => one.order}
        empty={t("noOrders")}
      />
      {list.hasMore && <Button onClick={list.onMore}>{t("more")}</Button>}
    </>
  );
}
