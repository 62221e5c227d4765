import i18next from "i18next";
import type { ProposalCite, ProposalRow, ProposalText } from "@/api/types.gen";
import { money } from "@/format";

export const PROPOSALS_KEY = ["proposals"] as const;
export const AGENT_KEY = ["agent"] as const;
/** What moves is heard live; this is for what is measured days later, and for a broken stream. */
export const LOOK_MS = 60_000;
export const VIEWS = ["waiting", "done", "over"] as const;
export type View = (typeof VIEWS)[number];

/** A text in the language that is spoken. */
export function told(text: ProposalText): string {
  return i18next.language === "en" ? text.en : text.zh;
}

/** Money with its sign: what it brings, beside doing nothing. */
export function worth(fen: number): string {
  return fen > 0 ? `+${money(fen)}` : money(fen);
}

export const WAYS = { reversible: "kept", partly: "risk", irreversible: "broken" } as const;

/** The colour of how far something can be taken back. */
export function toneOf(way: string) {
  return way in WAYS ? WAYS[way as keyof typeof WAYS] : "broken";
}

const PLACES: Readonly<Record<string, (ref: string) => string>> = {
  order: (ref) => `/orders/${ref}`,
  decision: (ref) => `/orders/${ref.split("/")[0] ?? ref}`,
  promise: (ref) => `/orders/${ref.split("/")[0] ?? ref}`,
  shipment: (ref) => `/orders/${ref.split("/")[0] ?? ref}`,
  stock: (ref) => (ref.startsWith("transfer:") ? `/transfers/${ref.slice("transfer:".length)}` : `/stock/${ref}`),
  forecast: () => "/forecasts",
  model: () => "/forecasts/orders",
  metric: () => "/assets/metrics",
  asset: (ref) => `/assets/${ref}`,
  association: () => "/assets/associations",
  policy: () => "/policies",
  finding: () => "/incidents",
  fact: () => "/evidence",
};

/** Where the console shows what a reason rests on; "" where it has no page. */
export function placeOf(cite: ProposalCite): string {
  return PLACES[cite.kind]?.(encodeURI(cite.ref)) ?? "";
}

/** Whether somebody can still decide upon it. */
export function isOpen(row: ProposalRow): boolean {
  return row.state === "waiting" || row.state === "approved";
}
