import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { BuyerHabits, BuyerHabitsPage } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { KEY } from "./words";

/** 买家偏好: what buyers of several orders chose, under pseudonyms, for fulfilment alone. */
export function Habits() {
  const { t } = useTranslation("order-risks");
  const list = useKeyset<BuyerHabits, BuyerHabitsPage>({
    queryKey: [...KEY, "habits"],
    fetch: (cursor, signal) => ask(`/v1/learning/habits?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const of = (what: string, times: number, all: number) =>
    what ? t("habit.of", { what, times: count(times), all: count(all) }) : t("habit.none");
  const columns: SmallColumn<BuyerHabits>[] = [
    { key: "buyer", title: t("habit.buyer"), render: (one) => <code>{one.buyer}</code> },
    { key: "orders", title: t("habit.orders"), render: (one) => count(one.orders), isNumber: true },
    { key: "window", title: t("habit.window"), render: (one) => of(one.window && t("habit.band", { band: one.window }), one.window_times, one.windows) },
    { key: "carrier", title: t("columns.carrier"), render: (one) => of(one.carrier, one.carrier_times, one.parcels) },
    {
      key: "splits",
      title: t("habit.splits"),
      render: (one) =>
        one.splits === 0
          ? t("habit.neverSplit")
          : t(one.dislikes_splits ? "habit.dislikes" : "habit.split", { times: count(one.splits_regretted), all: count(one.splits) }),
    },
  ];
  return (
    <div className="order-risks">
      <Card title={t("tabs.habits")} note={t("habit.note")} isFlush>
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading ? (
          <Skeleton kind="rows" rows={6} />
        ) : (
          !list.problem && (
            <SmallTable caption={t("tabs.habits")} columns={columns} rows={list.rows} keyOf={(one) => one.buyer} empty={t("habit.empty")} />
          )
        )}
      </Card>
      {list.hasMore && (
        <Button loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </div>
  );
}
