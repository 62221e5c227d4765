import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReleaseWait, ReleaseWaits } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, exact, leftWords } from "@/format";
import { useNow } from "@/live/use-live";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const KEY = ["merging", "waits"];
const AGAIN_MS = 10_000;

/** 等待合单: what was to be released and waits for a second order; each can go at once. */
export function Waits() {
  const { t } = useTranslation("merging");
  const { done, failed } = useNotice();
  const client = useQueryClient();
  const mayRelease = useMay("order.release");
  const [busy, setBusy] = useState("");
  const read = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<ReleaseWaits>("/v1/parcels/waiting", { signal }),
    refetchInterval: AGAIN_MS,
  });
  const release = async (one: ReleaseWait) => {
    setBusy(one.order);
    try {
      await ask(`/v1/orders/${one.order}/transitions`, { method: "POST", json: { event: "release" } });
      done(t("waits.released", { number: one.number }));
      await client.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy("");
    }
  };
  if (read.error) {
    return <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />;
  }
  if (!read.data) return <Skeleton kind="rows" rows={4} />;
  const columns: SmallColumn<ReleaseWait>[] = [
    {
      key: "number",
      title: t("columns.number"),
      render: (one) => <Link to={`/orders/${one.order}`}>{one.number}</Link>,
    },
    { key: "shop", title: t("columns.shop"), render: (one) => one.shop || one.channel },
    { key: "warehouse", title: t("warehouse"), render: (one) => one.warehouse_name },
    { key: "units", title: t("columns.units"), isNumber: true, render: (one) => count(one.units) },
    { key: "until", title: t("waits.until"), render: (one) => <Until at={one.until} /> },
    ...(mayRelease
      ? [
          {
            key: "act",
            title: t("waits.act"),
            render: (one: ReleaseWait) => (
              <Button size="small" loading={busy === one.order} onClick={() => void release(one)}>
                {t("waits.now")}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Card title={t("tabs.waits")} note={t("waits.note")} isFlush>
      <SmallTable
        caption={t("tabs.waits")}
        columns={columns}
        rows={read.data.items}
        keyOf={(one) => one.order}
        empty={t("waits.none")}
      />
    </Card>
  );
}

function Until({ at }: { at: string }) {
  const { t } = useTranslation("merging");
  const now = useNow(new Date(at).getTime());
  return (
    <time dateTime={at} title={exact(at)}>
      {new Date(at).getTime() <= now
        ? t("waits.going")
        : t("waits.left", { left: leftWords(at, now), at: dated(at, now) })}
    </time>
  );
}
