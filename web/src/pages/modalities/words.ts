import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { PerceiverView } from "@/api/types.gen";
import { KINDS } from "./model";

export type Words = ReturnType<typeof useTranslation<"modalities">>["t"];

/** Names a kind of service in the reader's language; one without a word by its code. */
export function useKind(): (code: string) => string {
  const { t } = useTranslation("modalities");
  return useCallback(
    (code: string) => {
      const known = KINDS.find((one) => one === code);
      return known ? t(`kinds.${known}`) : code;
    },
    [t],
  );
}

/** The title of a service by its id. */
export function titleOf(services: readonly PerceiverView[], id: string): string {
  return services.find((one) => one.id === id)?.title ?? id.slice(0, 8);
}

const TOLD = [
  "timeout", "not_available", "bad_answer", "unreadable", "busy", "program", "too_costly",
  "provider_fails", "bad_mapping", "expression_costly",
] as const;

/** Says why a call failed; a code without words is shown as it is. */
export function codeWords(t: Words, code: string): string {
  const known = TOLD.find((one) => one === code);
  return known ? t(`codes.${known}`) : code;
}

/** Says which originals an order is for. */
export function scopeWords(t: Words, scope: string): string {
  const [kind, ...rest] = scope.split(":");
  const name = rest.join(":");
  if (kind === "store" || kind === "device" || kind === "device_class") return t(`scopes.${kind}`, { name });
  return t("scopes.all");
}
