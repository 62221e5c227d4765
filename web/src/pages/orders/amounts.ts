import type { Total } from "@/api/types.gen";
import { count, money } from "@/format";

/** Currencies that are named in the line; all of them stand in its tooltip. */
const NAMED = 3;

type Amounts = Pick<Total, "amounts" | "exact">;

/** ¥1,192.00 + USD 26.64: what orders come to, each currency for itself; they are never added up. */
export function amountOf(total: Amounts, about: string): string {
  const sign = total.exact ? "" : about;
  const named = total.amounts.slice(0, NAMED).map((one) => sign + money(one.amount, one.currency));
  return (named.join(" + ") || money(0)) + (total.amounts.length > NAMED ? ` + …` : "");
}

/** The same for the tooltip: each currency with its number of orders. */
export function amountsOf(total: Amounts): string {
  return total.amounts
    .map((one) => `${money(one.amount, one.currency)} (${count(one.count)})`)
    .join("\n");
}
