import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import type { Tone } from "@/parts/status-tag";

export const PATH = "/v1/connectors";
export const ROUTES = "/v1/connector-routes";
export const KEY = ["connectors"] as const;
export const REST_MS = 5_000;
/** Shares are counted in hundredths of a percent. */
export const PERCENT = 100;
export const WHOLE = 10_000;
/** A share of tries that failed from which a far side is shown as ailing, in hundredths of a percent. */
const AILING = 9_500;

/** Capabilities that have a word of their own; another is shown by its code. */
export const CAPABILITIES = [
  "carrier", "crm", "customs", "erp", "finance", "logistics", "notification", "payment", "risk", "wms",
] as const;

export type Standing = "open" | "probing" | "away" | "ailing" | "trial" | "draining" | "off" | "well";

export const TONES: Record<Standing, Tone> = {
  open: "broken",
  probing: "risk",
  away: "broken",
  ailing: "risk",
  trial: "info",
  draining: "pend",
  off: "excused",
  well: "kept",
};

/** How a connector stands, the worst first. */
export function standingOf(one: ConnectorView): Standing {
  if (one.state === "off") return "off";
  if (one.breaker === "open") return "open";
  if (one.breaker === "half_open") return "probing";
  if (one.state === "trial") return "trial";
  if (one.probe_trouble && one.health.calls === 0) return "away";
  if (one.health.calls > 0 && one.health.answered < AILING) return "ailing";
  return one.state === "draining" ? "draining" : "well";
}

const ORDER: readonly Standing[] = ["open", "away", "probing", "ailing", "draining", "well", "trial", "off"];

/** What a person must look at stands first; then by capability. */
export function sorted(items: readonly ConnectorView[]): ConnectorView[] {
  return [...items].sort(
    (a, b) =>
      ORDER.indexOf(standingOf(a)) - ORDER.indexOf(standingOf(b)) ||
      a.capability.localeCompare(b.capability),
  );
}

/** Routes with a canary first. */
export function sortedRoutes(items: readonly ConnectorRoute[]): ConnectorRoute[] {
  return [...items].sort((a, b) => Number(b.canary !== null) - Number(a.canary !== null));
}

/** Whether what a canary replaced can still be put back. */
export function mayRollBack(route: ConnectorRoute): boolean {
  return route.canary !== null || (route.stage === "full" && route.drains !== null);
}
