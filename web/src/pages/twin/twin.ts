import type { SignalItem, TwinFloorView, TwinStop, TwinZone } from "@/api/types.gen";
import type { NodeKind } from "@/parts/node-map";
import type { Tone } from "@/parts/status-tag";

export const TWIN_KEY = ["twin"];
/** Asked again at most so often, however much the live stream has to tell. */
export const LOOK_MS = 2_000;

export const NODES: Record<string, NodeKind> = {
  normal: "usable",
  limited: "stopped",
  trouble: "limited",
  dark: "out",
};

export const TONES: Record<string, Tone> = {
  normal: "kept",
  limited: "broken",
  trouble: "pend",
  dark: "excused",
};

/** The variables that no feed tells: the hub counts them itself. */
export const OWN = [
  { number: 12, key: "capacity_left" },
  { number: 13, key: "stock_atp" },
  { number: 15, key: "landed_cost" },
] as const;

const GRAVITY = ["disagree", "stale", "fresh", "declared"];

/** One line a variable: of several subjects the one that is worst. */
export function linesOf(items: readonly SignalItem[]): SignalItem[] {
  const worst = new Map<number, SignalItem>();
  for (const item of items) {
    const known = worst.get(item.number);
    if (!known || GRAVITY.indexOf(item.status) < GRAVITY.indexOf(known.status)) {
      worst.set(item.number, item);
    }
  }
  return [...worst.values()].sort((a, b) => a.number - b.number);
}

const BAD = ["outside", "disagree", "silent"];

/** The zone that wants a look first: stopped, then not fine, then the soonest to leave its band. */
export function worstZone(
  zones: readonly TwinZone[],
  stops: readonly TwinStop[],
): TwinZone | undefined {
  const rank = (zone: TwinZone) => {
    const stop = stops.some((one) => one.zone === zone.code) ? 0 : 1;
    const bad = BAD.includes(zone.sensors) ? BAD.indexOf(zone.sensors) : BAD.length;
    const hours = zone.forecast && zone.forecast.hours >= 0 ? zone.forecast.hours : 1e6;
    return [stop, bad, hours] as const;
  };
  return zones
    .filter((zone) => zone.forecast)
    .sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
    })[0];
}

/** Figures of a floor that are no signals: what moves and who is there. */
export function figuresOf(view: TwinFloorView) {
  const { frame, zones } = view;
  const cold = zones.filter((zone) => zone.forecast);
  return {
    cold: cold.length,
    fine: cold.filter((zone) => zone.sensors === "fine").length,
    agvs: frame?.agvs?.length ?? 0,
    ready: frame?.agvs?.filter((one) => one.state !== "charging" && one.state !== "down").length ?? 0,
    docks: frame?.docks?.length ?? 0,
    busy: frame?.docks?.filter((one) => one.state === "busy").length ?? 0,
    late: frame?.docks?.filter((one) => (one.wait_min ?? 0) > LATE_MIN).length ?? 0,
    present: frame?.present ?? -1,
    needed: frame?.needed ?? -1,
  };
}

/** A vehicle that waits longer is shown red. */
export const LATE_MIN = 30;
