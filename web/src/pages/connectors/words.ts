import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorView } from "@/api/types.gen";
import { CAPABILITIES } from "./model";

/** Names a capability in the reader's language; one without a word by its code. */
export function useCapability(): (code: string) => string {
  const { t } = useTranslation("connectors");
  return useCallback(
    (code: string) => {
      const known = CAPABILITIES.find((one) => one === code);
      return known ? t(`capabilities.${known}`) : code;
    },
    [t],
  );
}

/** The title of a connector by its id. */
export function titleOf(desks: readonly ConnectorView[], id: string): string {
  return desks.find((one) => one.id === id)?.title ?? id.slice(0, 8);
}

export type Words = ReturnType<typeof useTranslation<"connectors">>["t"];

/** Says which calls a rule is about. */
export function scopeWords(
  t: Words,
  warehouses: readonly string[] = [],
  channels: readonly string[] = [],
): string {
  if (warehouses.length === 0 && channels.length === 0) return t("allCalls");
  return [warehouses.join("、"), channels.join("、")].filter(Boolean).join(" · ");
}
