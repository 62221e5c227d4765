import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { FindingChange, FindingItem } from "@/api/types.gen";
import { money } from "@/format";
import { dated, duration } from "@/format/times";

export const BOARD_KEY = ["findings", "board"] as const;
export const LIST_KEY = ["findings", "list"] as const;

type Params = Readonly<Record<string, unknown>>;
type Told = Pick<FindingItem, "kind" | "cause" | "params" | "place" | "shop" | "number">;

/** Parameters of causes that are money, lengths of time, or instants. */
const MONEY = new Set(["goods", "listed", "owed", "total", "paid", "shares", "refunded"]);
const TIMES = new Set(["due", "before", "after", "asked", "since"]);

function shown(params: Params, kind: string): Record<string, string | number> {
  const made: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    const isMoney =
      (MONEY.has(name) && kind !== "refund_without_return") ||
      ((name === "here" || name === "there") && kind === "amount_mismatch") ||
      ((name === "expected" || name === "actual") && kind === "fee_deviation");
    if (isMoney && typeof value === "number") made[name] = money(value);
    else if (TIMES.has(name)) made[name] = dated(value as string | number);
    else if (name === "ahead_ms" && typeof value === "number") made.ahead = duration(value);
    else made[name] = typeof value === "number" ? value : String(value);
  }
  return made;
}

/** The words of a finding: its class, what happened, and why. */
export function useFindingWords() {
  const { t } = useTranslation(["incidents", "common"]);
  const channel = useCallback(
    (code: string) => t(`common:channels.${code}`, { defaultValue: code || t("anyChannel") }),
    [t],
  );
  return {
    kind: (code: string) => t(`kinds.${code}`, { defaultValue: code }),
    channel,
    cause: (one: Told) =>
      t(`causes.${one.cause}`, {
        ...shown(one.params, one.kind),
        number: one.number,
        place: one.place || one.shop || "—",
        defaultValue: one.cause,
      }),
    /** What changed, in a few words: 策略第 7 版发布. */
    change: (one: FindingChange) =>
      t(`changes.${one.kind.replaceAll(".", "_")}`, {
        ...shown(one.params, ""),
        channel: channel(String(one.params.channel ?? "")),
        // gifts, and gifts.dropped
        master: t(`masters.${String(one.params.kind ?? "").split(".")[0]}`, { defaultValue: "" }),
        defaultValue: one.kind,
      }),
    remedy: (code: string) => t(`remedies.${code}`, { defaultValue: code }),
    step: (code: string) => t(`steps.${code}`, { defaultValue: code }),
  };
}

/** Where a change is looked at, by what its kind begins with. */
const PAGES: Readonly<Record<string, string>> = {
  policy_set: "/policies",
  policy: "/settings/policies",
  order_type: "/order-types",
  action: "/contract/actions",
  account: "/channels",
  pull: "/channels/pulls",
  key: "/settings/keys",
  master: "/settings/masters",
  carrier_desk: "/orders/merging",
  parcel_rules: "/orders/merging",
  after_sales: "/after-sales",
  remedy: "/settings/remedies",
  reconcile: "/reconcile",
  settlement: "/settlement",
  coefficients: "/coefficients",
  prices: "/replans",
};
export const pageOf = (kind: string) => PAGES[kind.split(".")[0] ?? ""] ?? "";

export const TONES = { red: "broken", yellow: "risk", blue: "info" } as const;
export const toneOf = (grade: string) => TONES[grade as keyof typeof TONES] ?? "plain";
