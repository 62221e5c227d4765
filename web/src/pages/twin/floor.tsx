import { useQuery } from "@tanstack/react-query";
import { App, Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { ResilienceView, TwinFloorView, TwinMoment, TwinStop, Twins } from "@/api/types.gen";
import { ask } from "@/client";
import { count, countTile, decimal, timeOfDay } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { ZonePhysics } from "./physics";
import { Plan } from "./plan";
import { Replay } from "./replay";
import { SignalList } from "./signal-list";
import { figuresOf, LOOK_MS, TWIN_KEY, worstZone } from "./twin";
import { useSparing } from "./use-sparing";
import { Way } from "./way";
import "./twin.css";

/** 数字孪生 of one warehouse: its floor now or in any past hour, the zone in trouble, its signals. */
export default function TwinFloor() {
  const { wh = "" } = useParams();
  const { t } = useTranslation("twin");
  const found = useQuery({
    queryKey: [...TWIN_KEY, wh],
    queryFn: ({ signal }) =>
      ask<TwinFloorView>(`/v1/twin/${encodeURIComponent(wh)}`, { signal }),
    refetchInterval: 15_000,
  });
  const sparing = useSparing(() => void found.refetch(), LOOK_MS);
  useLive("twin", sparing);
  const [moment, setMoment] = useState<TwinMoment | undefined>();
  const view = found.data;
  if (!view) {
    return (
      <>
        <PageHead back="/twin" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="page" rows={8} />
        )}
      </>
    );
  }
  const zones = moment?.zones ?? view.zones;
  const frame = moment ? moment.frame : view.frame;
  const worst = worstZone(zones, moment ? [] : view.stops);
  const near = view.zones.find((zone) => zone.code === worst?.code);
  const stop = view.stops.find((one) => one.zone === worst?.code);
  return (
    <>
      <PageHead
        back="/twin"
        title={view.name}
        state={view.stops.map((one) => (
          <ToneTag key={one.storage} tone="broken">
            {t("stopped", { storage: t(`storages.${one.storage}`) })}
          </ToneTag>
        ))}
        fact={<Index warehouse={wh} />}
        actions={
          <>
            <Pick now={wh} />
            {view.stops.map((one) => (
              <TakeAgain key={one.storage} warehouse={wh} stop={one} onDone={() => void found.refetch()} />
            ))}
          </>
        }
      />
      <Figures view={moment ? { ...view, zones, frame } : view} />
      <div className="twin">
        <Card
          title={t("plan")}
          note={t(moment ? "atPast" : "atNow", { at: timeOfDay(moment?.at ?? view.at) })}
          extra={<Legend />}
          className="twin-floor"
        >
          <Plan
            floor={view.floor}
            zones={zones}
            frame={frame ?? null}
            stopped={moment ? [] : view.stops.map((one) => one.zone)}
            label={t("planOf", { name: view.name })}
          />
          {!frame && <p className="note">{t("noFrame")}</p>}
          <Replay key={wh} warehouse={wh} onShow={setMoment} isLive={!moment} />
        </Card>
        <div className="twin-side">
          {near?.forecast ? (
            <Way zone={near} stop={stop} />
          ) : (
            <Card title={t("coldZones")}>
              <p className="note">{t("nobodyMeasures")}</p>
            </Card>
          )}
          <ZonePhysics warehouse={wh} zones={view.zones} />
          <SignalList view={view} />
        </div>
      </div>
    </>
  );
}

function Figures({ view }: { view: TwinFloorView }) {
  const { t } = useTranslation("twin");
  const told = figuresOf(view);
  const of = (some: number, all: number) => ({
    value: all > 0 ? `${count(some)} / ${count(all)}` : "—",
    unit: "",
    exact: "",
  });
  return (
    <div className="figures twin-figures">
      <Figure label={t("open")} tile={countTile(view.open_orders)} />
      <Figure label={t("capacity")} tile={countTile(view.capacity_left)} note={t("today")} />
      <Figure
        label={t("coldZones")}
        tile={of(told.fine, told.cold)}
        tone={told.fine < told.cold ? "broken" : "plain"}
        note={t("usable")}
      />
      <Figure label="AGV" tile={of(told.ready, told.agvs)} note={t("ready")} />
      <Figure
        label={t("docks")}
        tile={of(told.busy, told.docks)}
        tone={told.late ? "pend" : "plain"}
        note={t("late", { n: told.late })}
      />
      <Figure
        label={t("people")}
        tile={
          told.needed > 0
            ? { value: decimal(told.present / told.needed, 2), unit: "", exact: "" }
            : { value: "—", unit: "", exact: "" }
        }
        note={told.needed > 0 ? t("present", { n: told.present, of: told.needed }) : t("nobodyCounts")}
      />
    </div>
  );
}

/** How near this warehouse is to failing, and what losing it would cost. */
function Index({ warehouse }: { warehouse: string }) {
  const { t } = useTranslation("twin");
  const may = useMay("order.read");
  const found = useQuery({
    queryKey: ["resilience"],
    queryFn: ({ signal }) => ask<ResilienceView>("/v1/resilience", { signal }),
    enabled: may,
    staleTime: 60_000,
  });
  const mine = found.data?.items.find((one) => one.mark.warehouse === warehouse);
  if (!mine) return null;
  const words = t("index", { n: mine.mark.score });
  return (
    <Link to="/resilience">
      {mine.before < 0 ? words : `${words} · ${t("before", { n: mine.before })}`}
    </Link>
  );
}

function Legend() {
  const { t } = useTranslation("twin");
  return (
    <span className="twin-legend note">
      <span data-mark="agv">AGV</span>
      <span data-mark="forklift">{t("forklift")}</span>
      <span data-mark="probe">{t("probe")}</span>
      <span data-mark="silent">{t("probeSilent")}</span>
    </span>
  );
}

function Pick({ now }: { now: string }) {
  const { t } = useTranslation("twin");
  const go = useNavigate();
  const all = useQuery({
    queryKey: TWIN_KEY,
    queryFn: ({ signal }) => ask<Twins>("/v1/twin", { signal }),
  });
  return (
    <Select
      showSearch={{ optionFilterProp: "label" }}
      className="twin-pick"
      aria-label={t("pick")}
      value={now}
      options={(all.data?.items ?? []).map((one) => ({ value: one.code, label: one.name }))}
      onChange={(code) => void go(`/twin/${encodeURIComponent(code)}`)}
    />
  );
}

function TakeAgain({
  warehouse,
  stop,
  onDone,
}: {
  warehouse: string;
  stop: TwinStop;
  onDone: () => void;
}) {
  const { t } = useTranslation("twin");
  const may = useMay("signal.retire");
  const { failed } = useNotice();
  const { message } = App.useApp();
  const [reason, setReason] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (!may) return null;
  const storage = t(`storages.${stop.storage}`);
  const clear = async () => {
    setBusy(true);
    try {
      await ask(`/v1/twin/${encodeURIComponent(warehouse)}/clear`, {
        method: "POST",
        json: { storage: stop.storage, reason: reason.trim() },
      });
      void message.success(t("taken", { storage }));
      setOpen(false);
      onDone();
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {t("takeAgain", { storage })}
      </Button>
      <Modal
        open={isOpen}
        title={t("takeAgain", { storage })}
        okText={t("takeAgain", { storage })}
        okButtonProps={{ disabled: !reason.trim(), loading: isBusy }}
        onOk={() => void clear()}
        onCancel={() => setOpen(false)}
      >
        <p>{t("takeAgainNote")}</p>
        <label className="twin-reason">
          <span>{t("measured")}</span>
          <Input.TextArea value={reason} maxLength={500} rows={3} onChange={(e) => setReason(e.target.value)} />
        </label>
      </Modal>
    </>
  );
}
