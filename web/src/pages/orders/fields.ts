import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { FilterField } from "@/parts/filters";
import { STAGES, type Words } from "./order-row";

const PROMISES = ["running", "warned", "paused", "broken", "late", "borderline", "kept"] as const;

/** What the workbench can be narrowed by. */
export function useFields(words: Words | undefined): FilterField[] {
  const { t } = useTranslation(["orders", "common"]);
  return useMemo(() => {
    const label = (key: string) => t(`fields.${key}`);
    const named = (items: readonly { code: string; name: string }[] | undefined) =>
      (items ?? []).map(({ code, name }) => ({ value: code, label: name }));
    return [
      { key: "channel", label: label("channel"), kind: "choice", options: named(words?.channels) },
      {
        key: "state",
        label: label("state"),
        kind: "choice",
        options: STAGES.map((one) => ({ value: one, label: t(`common:stages.${one}`) })),
      },
      {
        key: "warehouse",
        label: label("warehouse"),
        kind: "choice",
        options: [{ value: "none", label: t("unallocated") }, ...named(words?.warehouses)],
      },
      {
        key: "promise",
        label: label("promise"),
        kind: "choice",
        options: PROMISES.map((one) => ({ value: one, label: t(`common:states.${one}`) })),
      },
      { key: "due", label: label("due"), kind: "time" },
      { key: "placed", label: label("placed"), kind: "time" },
      {
        key: "region",
        label: label("region"),
        kind: "choice",
        options: [...named(words?.provinces), ...named(words?.regions)],
      },
      {
        key: "tag",
        label: label("tag"),
        kind: "choice",
        ops: ["in", "nin", "all"],
        options: (words?.tags ?? []).map((tag) => ({ value: tag, label: tag })),
      },
      {
        key: "assignee",
        label: label("assignee"),
        kind: "choice",
        options: [
          { value: "me", label: t("me") },
          { value: "none", label: t("nobody") },
          ...(words?.people ?? []).map(({ person, number, name }) => ({
            value: person,
            label: `${number} ${name}`,
          })),
        ],
      },
      { key: "amount", label: label("amount"), kind: "money" },
      {
        key: "hold",
        label: label("hold"),
        kind: "choice",
        options: [
          { value: "any", label: t("held") },
          { value: "none", label: t("notHeld") },
        ],
      },
      { key: "short", label: label("short"), kind: "flag" },
      { key: "q", label: label("q"), kind: "text" },
    ];
  }, [t, words]);
}
