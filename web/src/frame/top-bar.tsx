import { BellOutlined, MenuUnfoldOutlined, SearchOutlined, ShopOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { near } from "@/format/times";
import { Badge } from "@/parts/badge";
import { JobTray } from "@/parts/job-tray";
import { useSession } from "@/session";
import { PersonMenu } from "./person-menu";
import { said, useStore } from "./stores";
import { TrustStrip } from "./trust-strip";

interface Props {
  onSearch: () => void;
  /** Brings the column back; absent while it is there. */
  onUnfold: (() => void) | undefined;
}

/** Search, trust strip, merchant, jobs, bell and person. */
export function TopBar({ onSearch, onUnfold }: Props) {
  const { t } = useTranslation();
  const { tenant } = useSession();
  return (
    <header className="top-bar">
      {onUnfold && (
        <Button
          type="text"
          className="top-unfold"
          icon={<MenuUnfoldOutlined />}
          aria-label={t("frame.unfold")}
          aria-keyshortcuts="["
          onClick={onUnfold}
        />
      )}
      <button
        type="button"
        className="top-search"
        onClick={onSearch}
        aria-keyshortcuts="Control+K"
      >
        <SearchOutlined />
        <span>{t("frame.search")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <span className="top-space" />
      <TrustStrip />
      <span className="top-tenant" title={tenant.code}>
        <ShopOutlined /> {tenant.name}
      </span>
      <JobTray />
      <Bell />
      <PersonMenu />
    </header>
  );
}

/** What was said in this session, newest first. */
function Bell() {
  const { t } = useTranslation();
  const notices = useStore(said);
  const fresh = notices.filter((notice) => !notice.isRead).length;
  const list =
    notices.length === 0 ? (
      <p className="muted">{t("frame.noNotices")}</p>
    ) : (
      <ul className="said">
        {notices.map((notice) => (
          <li key={notice.id}>
            <span className="muted">{near(notice.at)}</span>
            {notice.to ? <Link to={notice.to}>{notice.text}</Link> : <span>{notice.text}</span>}
          </li>
        ))}
      </ul>
    );
  return (
    <Badge value={fresh}>
      <Popover
        trigger="click"
        placement="bottomRight"
        title={t("frame.bell")}
        content={list}
        onOpenChange={(isOpen) => {
          if (!isOpen) said.change((old) => old.map((one) => ({ ...one, isRead: true })));
        }}
      >
        <Button type="text" icon={<BellOutlined />} aria-label={t("frame.bell")} />
      </Popover>
    </Badge>
  );
}
