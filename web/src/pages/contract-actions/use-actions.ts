import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  listActionTypesOptions,
  listCalendarsOptions,
  readVocabularyOptions,
} from "@/api/@tanstack/react-query.gen";
import { previewActionType } from "@/api/sdk.gen";
import type { Action, ActionProof, Actions } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import type { Choice } from "./model";

export type ActionTypes = Actions;

/** What the form needs to name things: words, the merchant's actions, calendars. */
export function useNames() {
  const { t } = useTranslation("contractActions");
  const words = useQuery({ ...readVocabularyOptions(), staleTime: Infinity });
  const actions = useQuery(listActionTypesOptions());
  const calendars = useQuery(listCalendarsOptions());
  const others: Choice[] = (actions.data?.items ?? [])
    .filter((one) => one.active)
    .map((one) => ({ value: one.code, label: byLocale(one.name_zh, one.name_en) }));
  const days: Choice[] = (calendars.data?.items ?? [])
    .filter((one) => one.newest)
    .map((one) => ({
      value: one.version ? `${one.id}@${one.version}` : one.id,
      label: one.version
        ? `${byLocale(one.name_zh, one.name_en)} ${one.version}`
        : t("clock.elapsed"),
    }));
  return { words, actions, others, calendars: days, key: listActionTypesOptions().queryKey };
}

const WAIT_MS = 300;

/** What the hub says of the action on the form, a moment after the last key. */
export function useProof(action: Action | undefined): ActionProof | undefined {
  const [asked, setAsked] = useState(action);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(action), asked === undefined ? 0 : WAIT_MS);
    return () => clearTimeout(timer);
  }, [action, asked]);
  const read = useQuery({
    queryKey: ["actionProof", asked],
    queryFn: async () => (await previewActionType({ body: { action: asked as Action } })).data,
    enabled: asked !== undefined,
    placeholderData: (before) => before,
    staleTime: 30_000,
  });
  return read.data;
}
