import { useTranslation } from "react-i18next";
import type { PolicySubject } from "@/api/types.gen";

/** The words for roles: people's and keys' are different words of the same policies. */
export function useRoleWords() {
  const { t } = useTranslation(["common", "keys"]);
  return (who: PolicySubject) =>
    who.roles.map((role) =>
      who.kind === "key"
        ? t(`keys:roles.${role}`, { defaultValue: role })
        : t(`common:roles.${role}`, { defaultValue: role }),
    );
}

/** A person by number and name, or a key by name. */
export function Subject({ who }: { who: PolicySubject }) {
  const { t } = useTranslation("authorisation");
  const roles = useRoleWords();
  return (
    <span className="rights-subject">
      <b>{who.kind === "key" ? t("key") : who.number}</b> {who.name}
      <small>{[...roles(who), ...who.warehouses].join(t("comma"))}</small>
    </span>
  );
}
