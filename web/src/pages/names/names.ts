import type { Alias, Contact, DirectoryEntry, ImpliedRule, ImpliedRules, Option, SkuUnit } from "@/api/types.gen";
import { ask } from "@/client";
import { query } from "@/parts/use-asked";
import { queries } from "@/queries";

export type { Alias, Contact, DirectoryEntry, ImpliedRule, Option, SkuUnit };

export const KINDS = ["aliases", "directory", "options", "units", "rules"] as const;
export type Kind = (typeof KINDS)[number];
/** A rule as it counts; one that came with the hub is replaced by the merchant's of the same code. */
export type RuleRow = ImpliedRule & { shipped: boolean };
export type Row = Alias | DirectoryEntry | Option | SkuUnit | RuleRow;

export interface Page {
  items: readonly Row[];
  next: string;
}

export const keyOfKind = (kind: Kind) => ["names", kind] as const;

/** What tells rows of a kind apart. */
export function keyOf(row: Row): string {
  if ("alias" in row) return [row.kind, row.scope ?? "", row.alias, row.code].join(" ");
  if ("unit" in row) return `${row.sku} ${row.unit}`;
  if ("when" in row) return row.code;
  return "kind" in row ? `${row.kind} ${row.code}` : row.code;
}

/** What a row is called on the page. */
export function nameOf(row: Row): string {
  if ("alias" in row) return row.alias;
  if ("when" in row) return row.title || row.match;
  return "unit" in row ? `${row.sku} ${row.unit}` : row.name;
}

/** Read a page of a kind; rules are few and come at once. */
export async function list(kind: Kind, q: string, cursor: string, signal: AbortSignal): Promise<Page> {
  if (kind !== "rules") return ask<Page>(`/v1/names/${kind}?${query({ limit: 200, cursor, q })}`, { signal });
  const { items } = await ask<ImpliedRules>("/v1/names/rules", { signal });
  const rows = items.map(({ rule, shipped }) => ({ ...rule, shipped }));
  return { items: rows.filter((r) => [r.code, r.match, r.title ?? "", r.requires].some((text) => text.includes(q))), next: "" };
}

/** Write one row; what has its key is replaced. */
export async function put(kind: Kind, row: Row): Promise<void> {
  const { shipped: _, ...written } = row as RuleRow;
  await ask(`/v1/names/${kind}`, { method: "PUT", json: [written] });
  await queries.invalidateQueries({ queryKey: keyOfKind(kind) });
}
