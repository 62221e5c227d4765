import { Popover } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "@/session";

const PersonSettings = lazy(() => import("./person-settings"));

/** The person: initial of the first role, role and number; language, theme, density, sign out. */
export function PersonMenu() {
  const { t } = useTranslation();
  const { person } = useSession();
  const role = person.roles[0] ?? "";
  const word = role ? t(`roles.${role}`, { defaultValue: role }) : person.name;
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <Suspense>
          <PersonSettings />
        </Suspense>
      }
      arrow={false}
    >
      <button type="button" className="top-person" aria-label={`${word} ${person.number}`}>
        <span className="avatar" aria-hidden>
          {word.slice(0, 1)}
        </span>
        <span>
          {word} {person.number}
        </span>
      </button>
    </Popover>
  );
}
