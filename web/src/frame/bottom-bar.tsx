import { MenuOutlined } from "@ant-design/icons";
import { Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Group, PAGES } from "@/pages";
import { useSession } from "@/session";
import { GROUPS, isListed, pagesOf } from "./groups";
import { WarningOutlined } from "@ant-design/icons";

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
      <Drawer
        open={isOpen}
        onClose={() => open(false)}
        placement="bottom"
        size="70%"
        title={t("frame.main")}
      >
        {GROUPS.map(({ group: name }) => {
          const pages = pagesOf(name, rights);
          if (pages.length === 0) return null;
          return (
            <section key={name} className="more-group">
              <h2>{t(`nav:groups.${name}`)}</h2>
              {pages.map((page) => (
                <Link key={page.path} to={page.path} onClick={() => open(false)}>
                  {t(`nav:pages.${page.title}`)}
                </Link>
              ))}
            </section>
          );
        })}
      </Drawer>
    </nav>
  );
}
