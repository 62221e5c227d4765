import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ReplanSettings } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { REPLANS_KEY } from "./run-words";

const KEY = [...REPLANS_KEY, "settings"];
const DAY_MIN = 1_440;

/** How often open orders are planned anew, and what moving one costs. */
export function Schedule({ mayChange }: { mayChange: boolean }) {
  const { t } = useTranslation("replans");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<ReplanSettings>("/v1/replan-settings", { signal }),
  });
  const now = found.data;
  return (
    <Card
      title={t("schedule")}
      note={now && (now.every_min ? t("every", { count: now.every_min }) : t("onEvents"))}
    >
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="rows" rows={1} />}
      {now && mayChange && <Editor key={`${now.every_min} ${now.switching_fen}`} now={now} />}
      {now && !mayChange && <p className="note">{t("switchingIs", { sum: money(now.switching_fen) })}</p>}
    </Card>
  );
}

function Editor({ now }: { now: ReplanSettings }) {
  const { t } = useTranslation("replans");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [every, setEvery] = useState(now.every_min);
  const [switching, setSwitching] = useState(now.switching_fen / 100);
  const [isBusy, setBusy] = useState(false);
  const isChanged = every !== now.every_min || Math.round(switching * 100) !== now.switching_fen;
  const save = async () => {
    setBusy(true);
    try {
      const wanted = { every_min: every, switching_fen: Math.round(switching * 100) };
      client.setQueryData(KEY, await ask("/v1/replan-settings", { method: "PUT", json: wanted }));
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="replans-schedule"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        <span>{t("everyMinutes")}</span>
        <InputNumber min={0} max={DAY_MIN} precision={0} value={every} onChange={(v) => setEvery(v ?? 0)} />
      </label>
      <label>
        <span>{t("switching")}</span>
        <InputNumber min={0} max={10_000} precision={2} value={switching} onChange={(v) => setSwitching(v ?? 0)} />
      </label>
      <Button htmlType="submit" disabled={!isChanged} loading={isBusy}>
        {t("saveSchedule")}
      </Button>
    </form>
  );
}
