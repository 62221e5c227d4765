import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TwinZone, ZoneFit, ZoneFits } from "@/api/types.gen";
import { ask } from "@/client";
import { count, decimal, temperature } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { TWIN_KEY } from "./twin";

const LOOK_MS = 3_000;

/** 热参数: what each cold zone is forecast by, and what was learned from its own series. */
export function ZonePhysics({ warehouse, zones }: { warehouse: string; zones: readonly TwinZone[] }) {
  const { t } = useTranslation("twin");
  const mayRead = useMay("routing.read");
  const path = `/v1/twin/${encodeURIComponent(warehouse)}/fits`;
  const key = [...TWIN_KEY, warehouse, "fits"];
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<ZoneFits>(path, { signal }),
    refetchInterval: (state) => (state.state.data?.work.wanted ? LOOK_MS : false),
    enabled: mayRead,
  });
  const cold = zones.filter((zone) => zone.physics);
  const fits = found.data;
  return (
    <Card
      title={t("physics.title")}
      note={t("physics.note")}
      extra={fits && <Learn path={path} isAsked={Boolean(fits.work.wanted)} />}
    >
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {mayRead && found.isPending && <Skeleton kind="card" rows={3} />}
      {cold.length === 0 && <p className="note">{t("physics.empty")}</p>}
      <ul className="twin-physics">
        {cold.map((zone) => (
          <Line
            key={zone.code}
            zone={zone}
            path={path}
            last={fits?.items.find((one) => one.zone === zone.code)}
            outcome={fits?.work.outcomes?.[`${warehouse}/${zone.code}`] ?? ""}
          />
        ))}
      </ul>
    </Card>
  );
}

function Learn({ path, isAsked }: { path: string; isAsked: boolean }) {
  const { t } = useTranslation("twin");
  const { failed } = useNotice();
  const client = useQueryClient();
  const may = useMay("routing.write");
  const [isBusy, setBusy] = useState(false);
  if (!may) return null;
  const learn = async () => {
    setBusy(true);
    try {
      await ask(path, { method: "POST" });
      await client.invalidateQueries({ queryKey: TWIN_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button size="small" loading={isBusy || isAsked} onClick={() => void learn()}>
      {t(isAsked ? "physics.learning" : "physics.learn")}
    </Button>
  );
}

/** One zone: its figures in force, and the newest lesson with what it foresaw. */
function Line({
  zone,
  path,
  last,
  outcome,
}: {
  zone: TwinZone;
  path: string;
  last: ZoneFit | undefined;
  outcome: string;
}) {
  const { t } = useTranslation("twin");
  const mayAdopt = useMay("routing.activate");
  const mayRetire = useMay("routing.rollback");
  const move = useMove(path);
  const told = zone.physics as NonNullable<TwinZone["physics"]>;
  const isLearned = told.source === "learned";
  const said = last && !last.active ? last : undefined;
  const name = `${zone.code} ${zone.name}`;
  const figures = (physics: typeof told.physics) =>
    t("physics.figures", {
      hours: decimal(physics.tau_min / 60, 1),
      reach: temperature(physics.reach_c),
      door: decimal(physics.door_factor ?? 0, 1),
    });
  const missed = (before: number, after: number) =>
    t("physics.missed", {
      before: before < 0 ? "—" : decimal(before, 1),
      after: after < 0 ? "—" : decimal(after, 1),
    });
  return (
    <li>
      <p>
        <b>{name}</b>{" "}
        <ToneTag tone={isLearned ? "kept" : "plain"}>
          {t(`physics.sources.${told.source}`, { no: told.no ?? 0 })}
        </ToneTag>
      </p>
      <p className="note">{figures(told.physics)}</p>
      {isLearned && <p className="note">{missed(told.before_min ?? -1, told.error_min ?? -1)}</p>}
      {said && (
        <p className="twin-lesson">
          <ToneTag tone={said.passed ? "primary" : "risk"}>
            {t(said.passed ? "physics.passed" : "physics.failed", { no: said.no })}
          </ToneTag>{" "}
          {figures(said.lesson.physics)}
          <span className="note">
            {missed(said.lesson.before.error_min, said.lesson.after.error_min)}
            {" · "}
            {t("physics.episodes", {
              warm: count(said.lesson.warm_ups),
              down: count(said.lesson.pull_downs),
              held: count(said.lesson.held_out),
            })}
          </span>
        </p>
      )}
      {outcome && !said && !isLearned && <p className="note">{t(`physics.outcomes.${outcome}`)}</p>}
      {said?.passed && mayAdopt && (
        <Button size="small" type="primary" onClick={() => void move(said.no, "adopt", name)}>
          {t("physics.adopt", { no: said.no })}
        </Button>
      )}
      {isLearned && mayRetire && (
        <Button size="small" onClick={() => void move(told.no ?? 0, "retire", name)}>
          {t("physics.retire")}
        </Button>
      )}
    </li>
  );
}

function useMove(path: string) {
  const { t } = useTranslation("twin");
  const { failed } = useNotice();
  const confirm = useConfirm();
  const client = useQueryClient();
  return async (no: number, act: "adopt" | "retire", zone: string) => {
    const isMeant = await confirm({
      title: t(`physics.${act}Ask`, { no, zone }),
      text: t(`physics.${act}Text`),
      act: t(`physics.${act}`, { no }),
    });
    if (!isMeant) return;
    try {
      await ask(`${path}/${no}/${act}`, { method: "POST" });
    } catch (error) {
      failed(error);
    }
    await client.invalidateQueries({ queryKey: TWIN_KEY });
  };
}
