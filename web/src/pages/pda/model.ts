/** What a person does with a fulfilment order. */
export type Work = "pick" | "pack" | "review" | "handover";
export const WORKS: readonly Work[] = ["pick", "pack", "review", "handover"];

/** The name of the work's page in words/nav.json. */
export const TITLES: Readonly<Record<Work, string>> = {
  pick: "pick",
  pack: "pack",
  review: "outbound",
  handover: "handOver",
};

export interface Item {
  order: string;
  fulfilment: number;
  kind: Work;
  number: string;
  label: string;
  tail: string;
  warehouse: string;
  units: number;
  skus: number;
  due: string;
  review: "optional" | "needed" | "done";
  who: string;
  mine: boolean;
  began: string;
  until: string;
  called: string;
  /** To be stopped, and the answer is due then; "" = it is not. */
  intercept?: string;
  /** It leaves as one parcel with the others of this group. */
  group?: string;
}

/** A fulfilment order that is to be stopped 截单. */
export interface Stop {
  order: string;
  fulfilment: number;
  state: "released" | "picked" | "packed";
  number: string;
  label: string;
  units: number;
  who: string;
  reason: string;
  due: string;
}

export interface Line {
  sku: string;
  name: string;
  barcode: string;
  storage: number;
  quantity: number;
  scanned: number;
  lots?: { lot: string; expiry: string }[];
}

/** A reason against it, with the clause of the action type. */
export interface Why {
  code: string;
  reason: string;
  reason_en: string;
  clause: string;
}

/** The contract action that a review is, where it is to be signed. */
export interface Review {
  action: string;
  version: number;
  name: { zh: string; en: string };
  device_bound: boolean;
  lots: boolean;
  photos: number;
  min_ms: number;
  why_not: Why[];
  missing: Why[];
}

/** A task in full, as the hub shows it. */
export interface Task {
  item: Item;
  warehouse_name: string;
  open: boolean;
  held: boolean;
  lines: Line[];
  left: number;
  wrong: number;
  photos: { digest: string; size: number }[];
  waybill: string;
  scanned_waybill: string;
  carrier: string;
  carriers: string[];
  /** Cold equipment is to be scanned; older answers do not say. */
  equipment?: boolean;
  /** Null where the floor's word will do; older answers do not say. */
  review?: Review | null;
  now: string;
}

export interface Group {
  kind: Work;
  count: number;
  more: boolean;
  items: Item[];
  next: string;
}

export interface Tasks {
  warehouses: { code: string; name: string }[];
  mine: Item[];
  groups: Group[];
  now: string;
}

/** What the device asks of the hub, kept until the hub has answered. */
export interface Act {
  /** The place in the queue. */
  seq: number;
  /** The idempotency key: a replay counts once. */
  id: string;
  /** Who did it: nobody else's session sends it. */
  person: string;
  /** Key of the task that it belongs to. */
  task: string;
  what: "scan" | "photos" | "done" | "stop" | "return" | "short";
  json?: Record<string, unknown>;
  photo?: Blob;
  /** The device's own clock, RFC 3339. */
  at: string;
  /** Goods that this scan counts, when the device took it for right. */
  sku?: string;
  quantity?: number;
  /** What the device knows to be wrong is sent too: a wrong scan belongs to the record. */
  isWrong?: boolean;
}

/** What the hub said no to, until a person has read it. */
export interface Refused {
  id: string;
  task: string;
  what: Act["what"];
  at: string;
  code: string;
  reason: string;
  reason_en: string;
}

export const keyOf = (item: { order: string; fulfilment: number; kind: Work }) =>
  `${item.order}/${item.fulfilment}/${item.kind}`;
export const pathOf = (key: string) => `/v1/floor/tasks/${key}`;
export const hrefOf = (item: { order: string; fulfilment: number; kind: Work }) =>
  `/pda/${item.kind}/${item.order}/${item.fulfilment}`;
export const refOf = (item: { order: string; fulfilment: number }) =>
  `${item.order}.${item.fulfilment}`;

/** A key that nobody else makes; also where the page has no secure context. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `pda-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
