import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { FilterWords as Words } from "@/api/types.gen";
import type { FilterField } from "@/parts/filters";
import { calledBy, PROMISES, STAGES } from "./model";

/** Reasons that the hub and the platforms hold orders for; people write others. */
export const HOLDS = [
  "risk_review",
  "sku_unknown",
  "region_unknown",
  "group_incomplete",
  "presale_tail_unpaid",
  "gift_unaccepted",
  "items_incomplete",
  "short_pick",
  "damaged",
] as const;

/** What the workbench can be narrowed by; the first ones are offered as chips. */
export function useFields(words: Words | undefined): FilterField[] {
  const { t } = useTranslation(["orders", "common"]);
  return useMemo(() => {
    const named = (items: readonly { code: string; name: string }[] | undefined) =>
      (items ?? []).map(({ code, name }) => ({ value: code, label: name }));
    const field = (key: string, more: Omit<FilterField, "key" | "label">): FilterField => ({
      key,
      label: t(`fields.${key}`),
      ...more,
    });
    return [
      field("channel", {
        kind: "choice",
        options: named(words?.channels).map(({ value, label }) => ({
          value,
          label: t(`common:channels.${value}`, { defaultValue: label }),
        })),
      }),
      field("warehouse", {
        kind: "choice",
        options: [{ value: "none", label: t("unallocated") }, ...named(words?.warehouses)],
      }),
      field("promise", {
        kind: "choice",
        options: PROMISES.map((one) => ({ value: one, label: t(`common:states.${one}`) })),
      }),
      field("state", {
        kind: "choice",
        options: STAGES.map((one) => ({ value: one, label: t(`common:stages.${one}`) })),
      }),
      field("due", { kind: "time" }),
      field("placed", { kind: "time" }),
      field("region", {
        kind: "choice",
        options: [...named(words?.provinces), ...named(words?.regions)],
      }),
      field("tag", {
        kind: "choice",
        ops: ["in", "nin", "all"],
        options: (words?.tags ?? []).map((tag) => ({ value: tag, label: tag })),
      }),
      field("assignee", {
        kind: "choice",
        options: [
          { value: "me", label: t("me") },
          { value: "none", label: t("nobody") },
          ...(words?.people ?? []).map((one) => ({
            value: one.person,
            label: calledBy(one),
          })),
        ],
      }),
      field("amount", { kind: "money" }),
      field("hold", {
        kind: "choice",
        options: [
          { value: "any", label: t("anyHold") },
          { value: "none", label: t("noHold") },
          ...HOLDS.map((one) => ({ value: one, label: t(`holds.${one}`) })),
        ],
      }),
      field("short", { kind: "flag" }),
      field("q", { kind: "text" }),
    ];
  }, [t, words]);
}
