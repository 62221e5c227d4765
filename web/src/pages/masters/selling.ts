import type {
  BundlePage,
  GiftPage,
  NewBundle,
  NewGift,
  NewPreorder,
  PreorderPage,
} from "@/api/types.gen";
import { ask } from "@/client";
import { queries } from "@/queries";
import { MASTERS_KEY } from "./masters";

/** What is sold beside single goods. */
export const SELLING = ["bundles", "gifts", "preorders"] as const;
export type SellingKind = (typeof SELLING)[number];
export type Bundle = BundlePage["items"][number];
export type Gift = GiftPage["items"][number];
export type Preorder = PreorderPage["items"][number];
export type SellingRow = Bundle | Gift | Preorder;
export type NewSelling = NewBundle | NewGift | NewPreorder;

export interface SellingPage {
  items: readonly SellingRow[];
  next: string;
}

export const sellingKey = (kind: SellingKind) => [...MASTERS_KEY, kind] as const;

/** What tells rows of a kind apart. */
export function codeOf(row: SellingRow): string {
  if ("rule" in row) return row.rule.code;
  return "code" in row ? row.code : row.sku;
}

const told = (kind: SellingKind) => queries.invalidateQueries({ queryKey: sellingKey(kind) });

/** Write one row; what has its code is replaced. */
export async function put(kind: SellingKind, row: NewSelling): Promise<void> {
  await ask(`/v1/masters/${kind}`, { method: "PUT", json: [row] });
  await told(kind);
}

/** Take one row away; orders that were sold under it keep it. */
export async function drop(kind: SellingKind, code: string): Promise<void> {
  await ask(`/v1/masters/${kind}/${encodeURIComponent(code)}`, { method: "DELETE" });
  await told(kind);
}
