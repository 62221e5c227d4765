/**
 * Filters as a link carries them: f=channel.in.taobao,jd;due.lt.2h. A field, an operator, and its
 * values; `;` between filters, `,` between values, and both escaped inside of a value.
 */

export const OPERATORS = ["in", "not", "eq", "lt", "gt", "has", "is"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Filter {
  field: string;
  op: Operator;
  values: readonly string[];
}

export interface FieldOption {
  value: string;
  label: string;
}

/** A field that a list can be narrowed by. */
export interface FilterField {
  key: string;
  label: string;
  /**
   * choice: in, not · text: has, eq · time: lt, gt with 2h, 3d or a date · money: lt, gt in 分 ·
   * number: lt, gt · flag: is yes, no
   */
  kind: "choice" | "text" | "time" | "money" | "number" | "flag";
  options?: readonly FieldOption[];
  /** Only these operators; absent = all of the kind. */
  ops?: readonly Operator[];
}

/** The operators of each kind, the usual one first. */
export const OPS_OF: Record<FilterField["kind"], readonly Operator[]> = {
  choice: ["in", "not"],
  text: ["has", "eq"],
  time: ["lt", "gt"],
  money: ["gt", "lt"],
  number: ["gt", "lt"],
  flag: ["is"],
};

const ESCAPED = /[%;,.]/g;
const escape = (text: string) =>
  text.replace(ESCAPED, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function unescape(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Write filters for the query string; "" for none. Values keep their order. */
export function writeFilters(filters: readonly Filter[]): string {
  return filters
    .filter((filter) => filter.values.length > 0)
    .map(({ field, op, values }) => `${field}.${op}.${values.map(escape).join(",")}`)
    .join(";");
}

/** Read filters from a query string; what is no filter is left out. */
export function readFilters(text: string | null): Filter[] {
  if (!text) return [];
  return text.split(";").flatMap((part) => {
    const [field = "", op = "", ...rest] = part.split(".");
    const operator = OPERATORS.find((one) => one === op);
    const values = rest
      .join(".")
      .split(",")
      .map(unescape)
      .filter((value) => value !== "");
    return field && operator && values.length > 0 ? [{ field, op: operator, values }] : [];
  });
}

/** Put a filter in the place of the one on its field; no values take it away. */
export function withFilter(filters: readonly Filter[], next: Filter): Filter[] {
  const at = filters.findIndex((one) => one.field === next.field);
  if (next.values.length === 0) return filters.filter((one) => one.field !== next.field);
  if (at < 0) return [...filters, next];
  return filters.map((one, index) => (index === at ? next : one));
}
