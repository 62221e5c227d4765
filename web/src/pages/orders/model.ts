import type { SavedView, WorkbenchRow } from "@/api/types.gen";
import type { PromiseState } from "@/parts/status-tag";

export type Row = WorkbenchRow;

/** What is done to orders from the workbench. */
export const ACTS = ["hold", "unhold", "reroute", "tag", "untag", "assign", "readdress", "cancel"] as const;
export type Act = (typeof ACTS)[number];

/** The right that each act needs, beside order.act. */
export const RIGHTS: Record<Act, string> = {
  hold: "order.hold",
  unhold: "order.unhold",
  reroute: "order.reroute",
  tag: "order.tag",
  untag: "order.tag",
  assign: "order.assign",
  readdress: "order.amend",
  cancel: "order.cancel",
};

/** Orders one by one, or all that a filter meets. */
export type Which = { ids: string[] } | { f: string };

/** A colleague as people call one: the number, unless the name says it already. */
export function calledBy({ number, name }: { number: string; name: string }): string {
  return name.includes(number) ? name : `${number} ${name}`.trim();
}

/** Everything on the workbench that a view keeps. */
export type Shown = Pick<SavedView, "f" | "sort" | "columns" | "density">;

export const STAGES = [
  "placed",
  "confirmed",
  "paid",
  "held",
  "allocated",
  "released",
  "picked",
  "packed",
  "shipped",
  "delivered",
  "completed",
  "cancelled",
] as const;

export const PROMISES = [
  "broken",
  "borderline",
  "warned",
  "late",
  "running",
  "paused",
  "pending",
  "kept_self",
  "kept",
  "excused",
  "superseded",
] as const;

const OVER = new Set(["completed", "cancelled", "return_requested"]);
const ROUTABLE = new Set(["placed", "confirmed", "paid", "held", "allocated"]);
const CANCELLABLE = new Set([...ROUTABLE, "released"]);

/** What the machines would allow on a row, as far as the row tells; the preview knows it all. */
export function actsOf(row: Row): readonly Act[] {
  const acts: Act[] = ["tag", "assign"];
  if (!OVER.has(row.state)) acts.push("hold");
  if (row.holds.length > 0) acts.push("unhold");
  if (ROUTABLE.has(row.state)) acts.push("reroute");
  if (CANCELLABLE.has(row.state)) acts.push("cancel", "readdress");
  if (row.tags.length > 0) acts.push("untag");
  return acts;
}

/** The order's worst promise, in the engine's word; null when it carries none. */
export function promiseOf(row: Row): PromiseState | null {
  return row.promise === "none" ? null : (row.promise as PromiseState);
}

/** The state of the clock that falls due next, for its bar. */
export function clockOf(row: Row): PromiseState {
  if (row.clock === "broken" || row.clock === "paused") return row.clock;
  if (row.clock !== "running") return "kept";
  return row.promise === "warned" ? "warned" : "running";
}

/** Share of the allowance that is used, 0 to 1. */
export function shareOf(row: Row, now: number): number | undefined {
  if (!row.due || !row.started) return undefined;
  const [from, to] = [new Date(row.started).getTime(), new Date(row.due).getTime()];
  return to > from ? Math.min(1, Math.max(0, (now - from) / (to - from))) : 1;
}

const SUFFIX = /(壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|省|市|地区)$/;

/** 广东·东莞 of 广东省, 东莞市; a municipality is told once. */
export function placeOf(row: Row): string {
  const words = [row.province, row.place].map((word) => word.replace(SUFFIX, ""));
  return [...new Set(words)].filter(Boolean).join("·");
}
