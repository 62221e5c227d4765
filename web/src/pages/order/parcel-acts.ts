import type { OrderSheet } from "@/api/types.gen";

export type Parcel = OrderSheet["parcels"][number];

export type ParcelAct = "split" | "reship" | "answer";

export const CAUSES: Record<string, readonly string[]> = {
  lost: ["lost"],
  refused: ["refused"],
  returned: ["returned", "refused", "damaged"],
  delivered: ["damaged", "missing"],
};
const AT_SPLIT = new Set(["allocated", "released"]);

/** What may be done with a parcel by hand; the hub decides again when it is done. */
export function actsOf(parcel: Parcel, may: (right: string) => boolean): ParcelAct[] {
  const acts: ParcelAct[] = [];
  const units = parcel.lines.reduce((sum, line) => sum + line.quantity, 0);
  if (AT_SPLIT.has(parcel.state) && !parcel.group && units > 1 && may("order.split")) acts.push("split");
  if (parcel.state in CAUSES && sentAgain(parcel) < units && may("order.reship")) acts.push("reship");
  if (parcel.intercept?.state === "asked" && may("order.recall")) acts.push("answer");
  return acts;
}

function sentAgain(parcel: Parcel): number {
  return parcel.sent_again.reduce((sum, line) => sum + line.quantity, 0);
}
