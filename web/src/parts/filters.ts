/**
 * Filters as a link carries them and the hub reads them: f=channel.in.taobao,jd;due.lt.2h. A term
 * is field.op.values; `;` stands between terms, `,` between values, and `,;%` are percent-encoded.
 */

export const OPERATORS = ["in", "nin", "all", "is", "lt", "ge"] as const;
export type Operator = (typeof OPERATORS)[number];

/** One condition; all of a list's hold together. A field may have one for each operator. */
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
   * choice: in, nin (all) · text, flag (yes, no): is · time: lt, ge with 2h, -30m, 7d, today@16:00
   * or RFC 3339 · money in 分, number: lt, ge
   */
  kind: "choice" | "text" | "time" | "money" | "number" | "flag";
  /** Choices; without any, free words are taken. */
  options?: readonly FieldOption[];
  /** Only these operators; absent = the usual ones of the kind. */
  ops?: readonly Operator[];
}

/** The operators of each kind, the usual one first. */
export const OPS_OF: Record<FilterField["kind"], readonly Operator[]> = {
  choice: ["in", "nin"],
  text: ["is"],
  time: ["lt", "ge"],
  money: ["ge", "lt"],
  number: ["ge", "lt"],
  flag: ["is"],
};

const escape = (text: string) =>
  text.replace(/[%;,]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Write filters for the query string; "" for none. */
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

/** Put a condition in the place of another (or at the end); no values take it away. */
export function replaced(
  filters: readonly Filter[],
  old: Filter | undefined,
  next: Filter,
): Filter[] {
  const others = filters.filter(
    (one) => one === old || one.field !== next.field || one.op !== next.op,
  );
  if (next.values.length === 0) return others.filter((one) => one !== old);
  if (!old) return [...others, next];
  return others.map((one) => (one === old ? next : one));
}
