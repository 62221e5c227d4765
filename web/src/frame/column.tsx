import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { count } from "@/format/numbers";
import type { Group } from "@/pages";
import { useSession } from "@/session";
import { menuPath, pagesOf } from "./groups";
import { columnViews, counts, useStore } from "./stores";
import { WaitingFields } from "./waiting-fields";

interface Props {
  group: Group;
  onFold: () => void;
  onHelp: () => void;
}

/** The pages of the group with their counts, and the person's own views. */
export function Column({ group, onFold, onHelp }: Props) {
  const { t } = useTranslation();
  const { rights } = useSession();
  const { pathname, search } = useLocation();
  const held = useStore(counts);
  const views = useStore(columnViews)[group] ?? [];
  const pages = pagesOf(group, rights);
  const here = menuPath(pathname, pages);
  const name = t(`nav:groups.${group}`);
  return (
    <nav className="column" aria-label={t("frame.pagesOf", { group: name })}>
      <p className="column-title">{name}</p>
      {group === "data" && <WaitingFields />}
      <ul>
        {pages.map(({ path, title }) => (
          <li key={path}>
            <Link to={path} aria-current={path === here ? "page" : undefined}>
              <span>{t(`nav:pages.${title}`)}</span>
              {held[path] && (
                <span className="column-count" data-overdue={held[path].overdue}>
                  {count(held[path].value)}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
      {views.length > 0 && (
        <>
          <p className="column-part">{t("frame.myViews")}</p>
          <ul>
            {views.map((view) => (
              <li key={view.id}>
                <Link
                  to={view.to}
                  aria-current={view.to === pathname + search ? "true" : undefined}
                >
                  <span>{view.name}</span>
                  {view.count !== undefined && (
                    <span className="column-count">{count(view.count)}</span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="column-foot">
        <button type="button" onClick={onFold} aria-keyshortcuts="[">
          <kbd>[</kbd> {t("frame.fold")}
        </button>
        <button type="button" onClick={onHelp} aria-keyshortcuts="?">
          <kbd>?</kbd> {t("frame.keys")}
        </button>
      </div>
    </nav>
  );
}
