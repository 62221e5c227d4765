import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { LearnedLane, LearnedLanePage } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { KEY, percent, took } from "./words";

const name = (lane: LearnedLane) => `${lane.carrier} ${lane.warehouse} → ${lane.region_name}`;

/** 承运商线路: how long each takes, and which are later than they used to be. */
export function Lanes() {
  const { t } = useTranslation("order-risks");
  const list = useKeyset<LearnedLane, LearnedLanePage>({
    queryKey: [...KEY, "lanes"],
    fetch: (cursor, signal) => ask(`/v1/learning/lanes?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const columns: SmallColumn<LearnedLane>[] = [
    { key: "lane", title: t("lane.name"), render: name },
    {
      key: "state",
      title: t("lane.state"),
      render: (one) =>
        one.is_late ? <ToneTag tone="risk">{t("lane.late")}</ToneTag> : <span className="note">{t("lane.usual")}</span>,
    },
    {
      key: "times",
      title: t("lane.times"),
      render: (one) => `${took(one.fast_min, t)} / ${took(one.middle_min, t)} / ${took(one.long_min, t)}`,
      isNumber: true,
    },
    {
      key: "trend",
      title: t("lane.trend"),
      render: (one) => `${one.trend_min > 0 ? "+" : one.trend_min < 0 ? "−" : ""}${took(Math.abs(one.trend_min), t)}`,
      isNumber: true,
    },
    {
      key: "share",
      title: t("lane.share"),
      render: (one) =>
        one.counted ? t("lane.ofCounted", { late: count(one.late), counted: count(one.counted), share: percent(one.share) }) : "—",
      isNumber: true,
    },
    {
      key: "interval",
      title: t("lane.interval"),
      render: (one) => (one.counted ? `${percent(one.low)} – ${percent(one.high)}` : "—"),
      isNumber: true,
    },
    { key: "before", title: t("lane.before"), render: (one) => percent(one.usual), isNumber: true },
    { key: "p", title: "p", render: (one) => (one.p >= 1_000 ? "—" : one.p < 1 ? "< 0.001" : (one.p / 1_000).toFixed(3)), isNumber: true },
    { key: "parcels", title: t("lane.parcels"), render: (one) => count(one.parcels), isNumber: true },
    { key: "onWay", title: t("lane.onWay"), render: (one) => count(one.on_way), isNumber: true },
  ];
  return (
    <div className="order-risks">
      <Card title={t("tabs.lanes")} note={t("lane.note")} isFlush>
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading ? (
          <Skeleton kind="rows" rows={6} />
        ) : (
          !list.problem && (
            <SmallTable caption={t("tabs.lanes")} columns={columns} rows={list.rows} keyOf={name} empty={t("lane.none")} />
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
