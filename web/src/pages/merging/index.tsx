import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Empty, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { MergeResults, ParcelCandidates, ParcelGroup, ParcelGroups } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query } from "@/parts/use-asked";
import { asProblem, Problem } from "@/problem";
import { useMay } from "@/session";
import { GroupCard } from "./group-card";
import { RulesCard, useRules } from "./rules-card";
import { Waits } from "./waits";
import "./merging.css";

const KEY = ["merging"];
const LIMIT = 50;
const AGAIN_MS = 15_000;
const TABS = ["candidates", "waits", "merged", "rules"] as const;

const bodyOf = (groups: readonly ParcelGroup[]) => ({
  parcels: groups.map((one) =>
    one.members.map(({ order, fulfilment }) => ({ order, fulfilment })),
  ),
});

/** 合单: which orders of one receiver can leave as one parcel, and which do. */
export default function Merging() {
  const { t } = useTranslation(["merging", "common"]);
  const { done, failed } = useNotice();
  const client = useQueryClient();
  const mayMerge = useMay("order.merge");
  const [asked, setAsked] = useSearchParams();
  const tab = TABS.find((one) => one === asked.get("tab")) ?? "candidates";
  const warehouse = asked.get("warehouse") ?? "";
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const put = (name: string, value: string) =>
    setAsked(
      (old) => {
        if (value) old.set(name, value);
        else old.delete(name);
        return old;
      },
      { replace: true },
    );
  const found = useQuery({
    queryKey: [...KEY, "candidates", warehouse],
    queryFn: ({ signal }) =>
      ask<ParcelCandidates>(`/v1/parcels/candidates?${query({ warehouse, limit: LIMIT })}`, { signal }),
    refetchInterval: AGAIN_MS,
  });
  const merged = useQuery({
    queryKey: [...KEY, "merged", warehouse],
    queryFn: ({ signal }) =>
      ask<ParcelGroups>(`/v1/parcels?${query({ warehouse, limit: LIMIT })}`, { signal }),
    enabled: tab === "merged",
  });
  const rules = useRules();
  const refresh = () => client.invalidateQueries({ queryKey: KEY });

  /** Each parcel by itself: what could not be is told, the rest is merged. */
  const merge = async (groups: readonly ParcelGroup[]) => {
    setBusy(true);
    setRefused(null);
    try {
      const told = await ask<MergeResults>("/v1/parcels:merge", {
        method: "POST",
        json: bodyOf(groups),
      });
      const no = told.results.find((one) => one.problem)?.problem;
      if (no) {
        setRefused(new Problem({ ...no }));
        if (told.results.length > 1) {
          done(t("mergedSome", { n: count(told.merged), of: count(told.results.length) }));
        }
      } else {
        const only = told.results.length === 1 ? told.results[0]?.group : "";
        done(t("mergedAll", { count: told.merged }), only ? { undo: () => unmerge(only) } : {});
      }
      await refresh();
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  const unmerge = async (group: string) => {
    try {
      await ask(`/v1/parcels/${group}/unmerge`, { method: "POST", json: {} });
      done(t("unmerged"));
      await refresh();
    } catch (error) {
      failed(error);
    }
  };

  const page = tab === "candidates" ? found : merged;
  const items = page.data?.items ?? [];
  const sites = new Map(items.map((one) => [one.warehouse, one.warehouse_name]));
  const isOff = found.data !== undefined && !found.data.on;
  return (
    <>
      <PageHead
        fact={
          found.data && !isOff && found.data.receivers > 0
            ? t("fact", { receivers: count(found.data.receivers), parcels: count(found.data.parcels) })
            : undefined
        }
        actions={
          mayMerge && tab === "candidates" && items.length > 0 ? (
            <Button type="primary" loading={isBusy} onClick={() => void merge(items)}>
              {t("mergeAll", { count: items.length })}
            </Button>
          ) : undefined
        }
      />
      <div className="merging">
        <div className="merging-bar">
          <Segmented
            aria-label={t("tabs.label")}
            value={tab}
            options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
            onChange={(next) => put("tab", next === "candidates" ? "" : next)}
          />
          {(tab === "candidates" || tab === "merged") && (warehouse || sites.size > 1) && (
            <Select
              aria-label={t("warehouse")}
              value={warehouse}
              onChange={(code) => put("warehouse", code)}
              options={[
                { value: "", label: t("allWarehouses") },
                ...(warehouse && !sites.has(warehouse) ? [{ value: warehouse, label: warehouse }] : []),
                ...[...sites].map(([value, label]) => ({ value, label })),
              ]}
            />
          )}
        </div>
        {refused && <ProblemNote problem={refused} />}
        {tab === "rules" ? (
          <RulesCard rules={rules} onDone={refresh} />
        ) : tab === "waits" ? (
          <Waits />
        ) : page.error ? (
          <ProblemNote problem={asProblem(page.error)} onRetry={() => void page.refetch()} />
        ) : !page.data ? (
          <Skeleton kind="rows" rows={4} />
        ) : tab === "candidates" && isOff ? (
          <Empty image={null} description={t("off")}>
            <Button onClick={() => put("tab", "rules")}>{t("openRules")}</Button>
          </Empty>
        ) : items.length === 0 ? (
          <Empty image={null} description={t(`empty.${tab}`)} />
        ) : (
          <ul className="merging-groups">
            {items.map((one) => (
              <GroupCard
                key={one.group || one.members.map((m) => `${m.order}/${m.fulfilment}`).join()}
                group={one}
                isBusy={isBusy}
                onMerge={mayMerge && !one.group ? () => void merge([one]) : undefined}
                onUnmerge={mayMerge && one.group ? () => void unmerge(one.group) : undefined}
              />
            ))}
          </ul>
        )}
        {page.data?.next && (tab === "candidates" || tab === "merged") && (
          <p className="note">{t("more", { n: count(items.length) })}</p>
        )}
        {tab === "candidates" && found.data?.on && !found.data.indexed && (
          <p className="note">{t("indexing")}</p>
        )}
      </div>
    </>
  );
}
