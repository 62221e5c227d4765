import { useTranslation } from "react-i18next";
import type { CoeSectionCode } from "./model";

export const KEY = ["coe"] as const;
export const PATH = "/v1/coe";
export const OWNERS = ["policy", "legal", "sre", "service", "planner", "finance"] as const;
export const SECTIONS: readonly CoeSectionCode[] = [
  "better",
  "worse",
  "paid",
  "owners",
  "goals",
  "incidents",
  "questions",
  "risks",
  "small",
];
const MILLI = 1_000;

/** Who answers for something: a role by its name, oneself as 我, another person by their id. */
export function useOwner(me: string): (owner: string | undefined) => string {
  const { t } = useTranslation("coe");
  return (owner) => {
    if (!owner) return t("nobody");
    const [kind, name] = owner.split(":", 2);
    if (kind === "role") return t(`common:roles.${name}`, { defaultValue: name ?? owner });
    return owner === `person:${me}` ? t("me") : t("person");
  };
}

/** Thousandths as a ratio, for the formatter of shares. */
export function ratio(thousandths: number | null | undefined): number | null {
  return thousandths === null || thousandths === undefined ? null : thousandths / MILLI;
}
