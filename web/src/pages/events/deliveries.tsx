import { Button, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivered, DeliveryPage, SubscriptionView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near } from "@/format";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { SUBSCRIPTIONS, useWhy } from "./model";

/** 投递记录: what was delivered or tried, newest first; bodies are not kept. */
export function Deliveries({ of, onClose }: { of: SubscriptionView; onClose: () => void }) {
  const { t } = useTranslation("events");
  const [failed, setFailed] = useState(of.trouble !== "");
  const list = useKeyset<Delivered, DeliveryPage>({
    queryKey: [SUBSCRIPTIONS, of.id, "deliveries", failed, of.delivered, of.failing_since],
    fetch: (cursor, signal) =>
      ask(
        `${SUBSCRIPTIONS}/${of.id}/deliveries?${query({ failed: failed ? "true" : "", cursor, limit: 30 })}`,
        { signal },
      ),
  });
  const why = useWhy();
  const answer = (line: Delivered) => (line.trouble ? why(line.trouble) : String(line.status));
  return (
    <Peek title={t("log.title", { name: of.name })} isOpen onClose={onClose}>
      <label className="events-switch">
        <Switch size="small" checked={failed} onChange={setFailed} /> {t("log.failed")}
      </label>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="card" />}
      {!list.isLoading && !list.problem && (
        <SmallTable
          caption={t("log.title", { name: of.name })}
          rows={list.rows}
          keyOf={(line) => String(line.no)}
          empty={t(failed ? "log.noneFailed" : "log.none")}
          columns={[
            { key: "at", title: t("log.at"), render: (line) => near(line.at) },
            {
              key: "answer",
              title: t("log.answer"),
              render: (line) => (
                <ToneTag tone={line.is_good ? "kept" : "broken"}>{answer(line)}</ToneTag>
              ),
            },
            {
              key: "events",
              title: t("log.events"),
              isNumber: true,
              render: (line) => (line.kind === "ping" ? t("log.ping") : count(line.events)),
            },
            { key: "ms", title: t("log.ms"), isNumber: true, render: (line) => `${count(line.ms)} ms` },
            {
              key: "place",
              title: t("log.place"),
              render: (line) => (line.half ? `${line.half}/${line.first}` : "—"),
            },
          ]}
        />
      )}
      {list.hasMore && (
        <Button type="link" onClick={list.onMore}>
          {t("log.more")}
        </Button>
      )}
    </Peek>
  );
}
