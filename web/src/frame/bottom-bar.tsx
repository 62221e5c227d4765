import { MenuOutlined, WarningOutlined } from "@ant-design/icons";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Group, PAGES } from "@/pages";
import { useSession } from "@/session";
import { GROUPS, isListed, pagesOf } from "./groups";

const MorePages = lazy(() => import("./more-pages"));

/** Below 768 px: 总览 订单 异常 更多 at the foot instead of rail and column. */
export function BottomBar({ group }: { group: Group | undefined }) {
  const { t } = useTranslation();
  const { rights } = useSession();
  const [isOpen, open] = useState(false);
  const tabs = GROUPS.filter((one) => one.group === "overview" || one.group === "orders").flatMap(
    (one) => {
      const first = pagesOf(one.group, rights)[0];
      return first ? [{ ...one, to: first.path }] : [];
    },
  );
  const incidents = PAGES.find((page) => page.path === "/incidents" && isListed(page, rights));
  return (
    <nav className="bottom-bar" aria-label={t("frame.main")}>
      {tabs.map(({ group: name, Icon, to }) => (
        <Link key={name} to={to} aria-current={name === group ? "true" : undefined}>
          <Icon />
          <span>{t(`nav:groups.${name}`)}</span>
        </Link>
      ))}
      {incidents && (
        <Link to={incidents.path}>
          <WarningOutlined />
          <span>{t("nav:pages.incidents")}</span>
        </Link>
      )}
      <button type="button" onClick={() => open(true)} aria-expanded={isOpen}>
        <MenuOutlined />
        <span>{t("frame.more")}</span>
      </button>
      <Suspense>{isOpen && <MorePages onClose={() => open(false)} />}</Suspense>
    </nav>
  );
}
