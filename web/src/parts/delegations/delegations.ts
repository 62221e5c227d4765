import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { ActionRow, Actions, DelegationShown, FilterWords } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { queries } from "@/queries";

export const DELEGATIONS_KEY = ["delegations"] as const;
const FRESH_MS = 60_000;
const PERSON = "person:";

/** holds · ended · withdrawn: whether a delegation counts now. */
export function stateOf(one: DelegationShown): "holds" | "ended" | "withdrawn" {
  if (one.withdrawn) return "withdrawn";
  return one.holds ? "holds" : "ended";
}

/** Colleagues as the workbench knows them; their number is what delegations name. */
export function useColleagues() {
  return useQuery({
    queryKey: ["workbench", "words"],
    queryFn: ({ signal }) => ask<FilterWords>("/v1/workbench/words", { signal }),
    staleTime: FRESH_MS,
    select: ({ people }) =>
      people.map(({ person, number, name }) => ({
        id: person.replace(PERSON, ""),
        number,
        called: name.includes(number) ? name : `${number} ${name}`.trim(),
      })),
  });
}

/** The contract actions in force. */
export function useActions() {
  return useQuery({
    queryKey: ["contract", "actions"],
    queryFn: ({ signal }) => ask<Actions>("/v1/contract/actions", { signal }),
    staleTime: FRESH_MS,
    select: ({ items }) => items,
  });
}

/** The name of an action in the reader's language. */
export const actionName = (one: ActionRow): string => byLocale(one.name_zh, one.name_en);

/** Names of actions by code and of people by number; what is not known stays what it is. */
export function useNames(): { action: (code: string) => string; person: (number: string) => string } {
  const actions = useActions().data;
  const people = useColleagues().data;
  const action = useCallback(
    (code: string) => {
      const found = actions?.find((one) => one.code === code);
      return found ? actionName(found) : code;
    },
    [actions],
  );
  const person = useCallback(
    (number: string) => people?.find((one) => one.number === number)?.called ?? number,
    [people],
  );
  return { action, person };
}

/** Take a delegation back, or hand one back. */
export function useWithdraw(onDone: () => void) {
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      ask<DelegationShown>(`/v1/delegations/${id}/withdraw`, { method: "POST", json: { reason } }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: DELEGATIONS_KEY });
    },
  });
}
