import type { Amendment, OrderSheet, Offered } from "@/api/types.gen";

/** A line as it is to be; `line` 0 is a new one, `replaces` the line that it stands in for. */
export interface DraftLine {
  key: string;
  line: number;
  sku: string;
  name: string;
  was: number;
  quantity: number;
  price: number;
  priceWas: number;
  replaces: number;
}

export interface DraftReceiver {
  name: string;
  phone: string;
  province: string;
  city: string;
  district: string;
  street: string;
  detail: string;
}

/** What the dialog holds: amounts in minor units, null where they follow from the rest. */
export interface Draft {
  lines: readonly DraftLine[];
  total: number | null;
  receiver: DraftReceiver | null;
  wanted: string;
  reason: string;
}

export const NOWHERE: DraftReceiver = {
  name: "",
  phone: "",
  province: "",
  city: "",
  district: "",
  street: "",
  detail: "",
};

/** The order as it stands. */
export function begin(sheet: OrderSheet): Draft {
  return {
    lines: sheet.lines
      .filter((one) => one.quantity > 0)
      .map((one) => ({
        key: `line ${one.no}`,
        line: one.no,
        sku: one.sku,
        name: one.name || one.title,
        was: one.quantity,
        quantity: one.quantity,
        price: one.price,
        priceWas: one.price,
        replaces: 0,
      })),
    total: null,
    receiver: null,
    wanted: "",
    reason: "",
  };
}

/** Let a substitute stand in for what is short of a line. */
export function substitute(lines: readonly DraftLine[], offered: Offered): DraftLine[] {
  const units = Math.min(offered.short, offered.units);
  const rest = lines.map((one) =>
    one.line === offered.line ? { ...one, quantity: one.quantity - units } : one,
  );
  return [
    ...rest,
    {
      key: `for ${offered.line} ${offered.substitute}`,
      line: 0,
      sku: offered.substitute,
      name: offered.name,
      was: 0,
      quantity: units,
      price: offered.price,
      priceWas: 0,
      replaces: offered.line,
    },
  ];
}

/** What is asked of the hub: only what changed; null while nothing did. */
export function bodyOf(draft: Draft): Amendment | null {
  const lines = draft.lines
    .filter((one) => (one.line ? one.quantity !== one.was || one.price !== one.priceWas : one.sku.trim()))
    .map((one) =>
      one.line
        ? {
            line: one.line,
            ...(one.quantity === one.was ? {} : { quantity: one.quantity }),
            ...(one.price === one.priceWas ? {} : { price_fen: one.price }),
          }
        : {
            sku: one.sku.trim(),
            quantity: one.quantity,
            ...(one.priceWas === one.price ? {} : { price_fen: one.price }),
            ...(one.replaces ? { replaces: one.replaces } : {}),
          },
    );
  const receiver = draft.receiver && filled(draft.receiver) ? draft.receiver : null;
  if (!lines.length && draft.total === null && !receiver && !draft.wanted) return null;
  return {
    reason: draft.reason.trim() || "—",
    ...(lines.length ? { lines } : {}),
    ...(draft.total === null ? {} : { total_fen: draft.total }),
    ...(receiver ? { receiver } : {}),
    ...(draft.wanted ? { wanted: draft.wanted } : {}),
  };
}

/** A name, a telephone, or a whole address. */
function filled(receiver: DraftReceiver): boolean {
  const isPlace = receiver.province !== "" && receiver.detail !== "";
  return isPlace || (receiver.detail === "" && (receiver.name !== "" || receiver.phone !== ""));
}
