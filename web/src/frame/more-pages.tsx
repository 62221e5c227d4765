import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "@/session";
import { GROUPS, pagesOf } from "./groups";

/** 更多: every page that the person may open, by group. */
export default function MorePages({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { rights } = useSession();
  return (
    <Drawer open onClose={onClose} placement="bottom" size="70%" title={t("frame.main")}>
      {GROUPS.map(({ group }) => {
        const pages = pagesOf(group, rights);
        if (pages.length === 0) return null;
        return (
          <section key={group} className="more-group">
            <h2>{t(`nav:groups.${group}`)}</h2>
            {pages.map((page) => (
              <Link key={page.path} to={page.path} onClick={onClose}>
                {t(`nav:pages.${page.title}`)}
              </Link>
            ))}
          </section>
        );
      })}
    </Drawer>
  );
}
