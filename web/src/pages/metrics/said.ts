import { useTranslation } from "react-i18next";
import type { FormulaSaid } from "@/api/types.gen";
import { titleOf } from "./model";

/** Puts a formula that the hub read aloud into a sentence. */
export function useSaid(): (said: FormulaSaid | null | undefined) => string {
  const { t } = useTranslation("metrics");
  const word = (said: FormulaSaid): string => {
    const parts = (said.parts ?? []).map(word);
    const [a = "", b = "", c = ""] = parts;
    const listed = (all: readonly string[]) => all.join(t("comma"));
    switch (said.say) {
      case "column":
      case "metric":
        return t("quoted", { name: titleOf(said.title, said.value) });
      case "text":
        return said.value ? t("literal", { value: said.value }) : t("nothing");
      case "number":
        return said.value ?? "";
      case "in":
        return t("say.in", { a, all: listed(parts.slice(1)) });
      case "case":
        return cases(parts);
      case "coalesce":
      case "greatest":
      case "least":
        return t(`say.${said.say}`, { all: listed(parts) });
      case "quantile":
        return t("say.quantile", { a, share: Number(said.value) / 10 });
      default:
        return t(`say.${said.say}`, { a, b, c, defaultValue: said.say });
    }
  };
  const cases = (parts: readonly string[]): string => {
    const told: string[] = [];
    for (let at = 0; at + 1 < parts.length; at += 2)
      told.push(t("say.when", { a: parts[at], b: parts[at + 1] }));
    if (parts.length % 2) told.push(t("say.otherwise", { a: parts.at(-1) }));
    return told.join(t("comma"));
  };
  return (said) => (said ? word(said) : "");
}
