import { useQuery } from "@tanstack/react-query";
import type {
  ClassificationStanding,
  ClassifiedField,
  DataClass,
  FieldsAnswered,
  Library,
  StewardAnswer,
} from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";

export const KEY = ["classification"] as const;
export const PATH = "/v1/classification";
export const LEVELS = [1, 2, 3, 4, 5] as const;
const LOOKING_MS = 1_000;

/** How things stand; asked again each second while a look is under way. */
export function useStanding() {
  return useQuery({
    queryKey: [...KEY, "standing"],
    queryFn: ({ signal }) => ask<ClassificationStanding>(PATH, { signal }),
    refetchInterval: ({ state }) => (state.data?.work.wanted ? LOOKING_MS : false),
  });
}

/** The rule library. */
export function useLibrary() {
  return useQuery({
    queryKey: [...KEY, "rules"],
    queryFn: ({ signal }) => ask<Library>(`${PATH}/rules`, { signal }),
    staleTime: Infinity,
  });
}

/** Gives a class its name in the person's language, "—" for none. */
export function useClassName(): (code: string) => string {
  const found = useLibrary().data?.classes ?? [];
  return (code) => {
    const one = found.find((each) => each.code === code);
    return one ? byLocale(one.zh, one.en) : code || "—";
  };
}

/** The standard of rules that are this library's own judgement: there is no text to compare. */
export const HOUSE = "house";

/** How many rules of a class nobody has compared with the standard's text. */
export function unread(klass: DataClass | undefined): number {
  return klass?.rules.filter((rule) => rule.standard !== HOUSE && !rule.verified_by).length ?? 0;
}

export function keyOf(row: ClassifiedField): string {
  return `${row.place}\n${row.field}`;
}

export function answer(answers: readonly StewardAnswer[]): Promise<FieldsAnswered> {
  return ask<FieldsAnswered>(`${PATH}/answers`, { method: "POST", json: { answers } });
}

/** Whether a person has said what the field holds. */
export function isAnswered(row: ClassifiedField): boolean {
  return row.state !== "waiting" && row.state !== "plain";
}
