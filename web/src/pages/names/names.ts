import type { Alias, DirectoryEntry, Option, Contact, SkuUnit } from "@/api/types.gen";
import { ask } from "@/client";
import { queries } from "@/queries";

export type { Alias, DirectoryEntry, Option, Contact, SkuUnit };

export const KINDS = ["aliases", "directory", "options", "units"] as const;
export type Kind = (typeof KINDS)[number];
export type Row = Alias | DirectoryEntry | Option | SkuUnit;

export interface Page {
  items: readonly Row[];
  next: string;
}

export const keyOfKind = (kind: Kind) => ["names", kind] as const;

/** What tells rows of a kind apart. */
export function keyOf(row: Row): string {
  if ("alias" in row) return [row.kind, row.scope ?? "", row.alias, row.code].join(" ");
  if ("unit" in row) return `${row.sku} ${row.unit}`;
  return "kind" in row ? `${row.kind} ${row.code}` : row.code;
}

/** What a row is called on the page. */
export function nameOf(row: Row): string {
  if ("alias" in row) return row.alias;
  return "unit" in row ? `${row.sku} ${row.unit}` : row.name;
}

/** Write one row; what has its key is replaced. */
export async function put(kind: Kind, row: Row): Promise<void> {
  await ask(`/v1/names/${kind}`, { method: "PUT", json: [row] });
  await queries.invalidateQueries({ queryKey: keyOfKind(kind) });
}
