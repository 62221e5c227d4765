import type { NewOrder } from "@/api/types.gen";

/** One line of the form; money as it is typed, in yuan. */
export interface DraftLine {
  key: number;
  sku: string;
  name: string;
  quantity: number | null;
  price: string | null;
}

export interface Draft {
  number: string;
  lines: readonly DraftLine[];
  name: string;
  phone: string;
  province: string;
  city: string;
  district: string;
  detail: string;
  isPaid: boolean;
  discount: string | null;
  postage: string | null;
  note: string;
  /** The order type that it follows, "" = none; then who buys, and the group that is joined. */
  type: string;
  buyer: string;
  group: string;
}

/** yuan as typed to 分, without floating point; null when it is no amount. */
export function fenOf(text: string | null): number | null {
  const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec((text ?? "").trim());
  if (!found) return text === null || text.trim() === "" ? 0 : null;
  return Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** Goods less discount plus postage, in 分; null while an amount is not readable. */
export function totalOf(draft: Draft): number | null {
  let sum = 0;
  for (const line of draft.lines) {
    const price = fenOf(line.price);
    if (price === null) return null;
    sum += price * (line.quantity ?? 0);
  }
  const discount = fenOf(draft.discount);
  const postage = fenOf(draft.postage);
  return discount === null || postage === null ? null : sum - discount + postage;
}

/** Names of the fields that keep an order from being placed. */
export function missingOf(draft: Draft): string[] {
  const missing: string[] = [];
  for (const name of ["number", "name", "phone", "detail"] as const) {
    if (draft[name].trim() === "") missing.push(name);
  }
  if (!draft.lines.some((line) => line.sku)) missing.push("goods");
  for (const line of draft.lines) {
    if (line.sku && !line.quantity) missing.push("quantity");
  }
  const total = totalOf(draft);
  if (total === null || total < 0) missing.push("total");
  return missing;
}

/** The order as the hub takes it. */
export function orderOf(draft: Draft, paidAt: string): NewOrder {
  return {
    number: draft.number.trim(),
    lines: draft.lines
      .filter((line) => line.sku)
      .map((line) => ({
        sku: line.sku,
        title: line.name,
        quantity: line.quantity ?? 1,
        price_fen: fenOf(line.price) ?? 0,
      })),
    receiver: {
      name: draft.name.trim(),
      phone: draft.phone.trim(),
      province: draft.province.trim(),
      city: draft.city.trim(),
      district: draft.district.trim(),
      detail: draft.detail.trim(),
    },
    discount_fen: fenOf(draft.discount) ?? 0,
    postage_fen: fenOf(draft.postage) ?? 0,
    ...(draft.isPaid ? { paid_at: paidAt } : {}),
    ...(draft.note.trim() ? { buyer_note: draft.note.trim() } : {}),
    ...(draft.type ? { type: draft.type } : {}),
    ...(draft.type && draft.buyer.trim() ? { buyer: draft.buyer.trim() } : {}),
    ...(draft.type && draft.group.trim() ? { group: draft.group.trim() } : {}),
  };
}

/** A number that a colleague can read out: M, the day, six characters. */
export function numberOf(now: Date, random: string): string {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" })
    .format(now)
    .replaceAll("-", "");
  return `M${day}-${random.replaceAll("-", "").slice(0, 6).toUpperCase()}`;
}

export const NO_LINE = { sku: "", name: "", quantity: 1, price: null } as const;

/** An empty form. */
export function emptyDraft(): Draft {
  return {
    number: numberOf(new Date(), crypto.randomUUID()),
    lines: [{ key: 0, ...NO_LINE }],
    name: "",
    phone: "",
    province: "",
    city: "",
    district: "",
    detail: "",
    isPaid: true,
    discount: null,
    postage: null,
    note: "",
    type: "",
    buyer: "",
    group: "",
  };
}
