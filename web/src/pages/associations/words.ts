import type { AssociationRule, CampaignView } from "@/api/types.gen";
import { decimal } from "@/format";

export const KEY = ["associations"] as const;
export const CAMPAIGNS_KEY = ["campaigns"] as const;
export const WINDOWS = [7, 14, 30, 60, 90] as const;
const MILLI = 1_000;

/** What rules are looked for. */
export interface Question {
  kind: "sequence" | "basket";
  level: "sku" | "family";
  window: number;
}

/** Goods by their name, else their code. */
export function goods(name: string, code: string): string {
  return name || code;
}

export function keyOf(rule: AssociationRule): string {
  return `${rule.first}\n${rule.then}`;
}

/** Thousandths as percentage points with their sign. */
export function signed(thousandths: number): string {
  const points = decimal(thousandths / 10, 1);
  return thousandths > 0 ? `+${points}` : points;
}

export function times(thousandths: number): string {
  return `×${decimal(thousandths / MILLI, 1)}`;
}

/** Whether enough is known of both arms to say anything. */
export function isJudged(one: CampaignView): boolean {
  const { always_low: low, always_high: high } = one.figures;
  return low > -MILLI || high < MILLI;
}
