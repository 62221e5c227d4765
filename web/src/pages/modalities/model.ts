import type { ChainView, CounterShown, ModalityView, PerceiverView } from "@/api/types.gen";
import { money } from "@/format";
import type { Tone } from "@/parts/status-tag";

export const PATH = "/v1/perceivers";
export const CHAINS = "/v1/perceiver-chains";
export const SAMPLES = "/v1/perceiver-samples";
export const KEY = ["modalities"] as const;
export const REST_MS = 5_000;
/** Shares are counted in hundredths of a percent. */
export const PERCENT = 100;
export const WHOLE = 10_000;
/** Confidence and agreement are in thousandths. */
export const SURE = 1_000;
/** Prices are in thousandths of 分. */
export const MILLI = 1_000;
const MILLI_A_YUAN = 100 * MILLI;
const AILING = 9_500;
/** From which part of a quota on it is said to be nearly used. */
const NEARLY = 0.8;

/** Kinds that have a word of their own; another is shown by its code. */
export const KINDS = ["speech", "document", "waveform", "gauge"] as const;

export type Standing = "open" | "probing" | "spent" | "ailing" | "paused" | "idle" | "well";

export const TONES: Record<Standing, Tone> = {
  open: "broken",
  probing: "risk",
  spent: "risk",
  ailing: "risk",
  paused: "excused",
  idle: "plain",
  well: "kept",
};

/** How a service stands, the worst first. */
export function standingOf(one: PerceiverView): Standing {
  if (one.state === "paused") return "paused";
  if (one.breaker === "open") {
    return Date.parse(one.breaker_until) > Date.now() ? "open" : "probing";
  }
  if (quotaOf(one) >= 1) return "spent";
  const ended = one.health.calls > 0;
  if (ended && one.health.answered < AILING) return "ailing";
  return ended ? "well" : "idle";
}

/** The larger part of its quotas that is used, 0 where it has none. */
export function quotaOf(one: PerceiverView): number {
  const minute = one.quota_minute > 0 ? one.health.calls_minute / one.quota_minute : 0;
  const day = one.quota_day > 0 ? one.health.calls_today / one.quota_day : 0;
  return Math.max(minute, day);
}

export function isNearlySpent(one: PerceiverView): boolean {
  return quotaOf(one) >= NEARLY;
}

const ORDER: readonly Standing[] = ["open", "probing", "spent", "ailing", "paused", "well", "idle"];

/** What a person must look at stands first; then by kind. */
export function sorted(items: readonly PerceiverView[]): PerceiverView[] {
  return [...items].sort(
    (a, b) =>
      ORDER.indexOf(standingOf(a)) - ORDER.indexOf(standingOf(b)) || a.kind.localeCompare(b.kind),
  );
}

/** Writes thousandths of 分: below one 分 the yuan has as many digits as it needs. */
export function price(milli: number): string {
  if (milli === 0 || milli % MILLI === 0) return money(milli / MILLI);
  if (milli >= MILLI_A_YUAN) return money(Math.round(milli / MILLI));
  return `¥${(milli / MILLI_A_YUAN).toFixed(5).replace(/0+$/, "")}`;
}

/** What one answered call costs on the average today, thousandths of 分; null where none was made. */
export function costOfCall(one: PerceiverView): number | null {
  return one.health.calls_today > 0 ? one.health.cost_today / one.health.calls_today : null;
}

/** The counter that is nearest to running by itself. */
export function nearest(one: ModalityView): CounterShown | undefined {
  return [...one.counters].sort((a, b) => progress(b) - progress(a))[0];
}

export function progress(counter: CounterShown): number {
  return counter.stage === "auto" ? 1 : Math.min(1, counter.accepted / Math.max(counter.needed, 1));
}

/** The place of a chain among others: React's key and the route's words. */
export function nameOfChain(chain: ChainView): string {
  return `${chain.kind}/${chain.scope}`;
}

/** A JSONata path to a node of a sample: names are quoted where they are no words. */
export function pathTo(steps: readonly string[]): string {
  return steps.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? step : `\`${step}\``)).join(".");
}

/** The steps below `rows`, where a node lies within the rows that are mapped; null elsewhere. */
export function within(rows: string, path: string): string | null {
  return rows && path.startsWith(`${rows}.`) ? path.slice(rows.length + 1) : null;
}
