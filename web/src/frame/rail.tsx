import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "@/format/numbers";
import type { Group } from "@/pages";
import { useSession } from "@/session";
import { GROUPS, pagesOf } from "./groups";
import { badges, useStore } from "./stores";

/** More than this does not fit beside an icon; the page tells it exactly. */
const MOST = 999;

/** The dark rail: one entry a group that the person may open. A single group needs no rail. */
export function Rail({ group }: { group: Group | undefined }) {
  const { t } = useTranslation();
  const { rights } = useSession();
  const red = useStore(badges);
  const open = GROUPS.flatMap((one) => {
    const first = pagesOf(one.group, rights)[0];
    return first ? [{ ...one, to: first.path }] : [];
  });
  if (open.length < 2) return null;
  return (
    <nav className="rail" aria-label={t("frame.main")}>
      <Link className="rail-logo" to="/" aria-label={t("nav:product")}>
        <img src="/logo.svg" alt="" width={34} height={34} />
      </Link>
      <ul>
        {open.map(({ group: name, Icon, to }) => (
          <li key={name} data-foot={name === "settings"}>
            <Link to={to} aria-current={name === group ? "true" : undefined}>
              <Icon />
              <span>{t(`nav:groups.${name}`)}</span>
              {red[name] ? (
                <b className="rail-badge" title={count(red[name])}>
                  {red[name] > MOST ? `${MOST}+` : red[name]}
                </b>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
