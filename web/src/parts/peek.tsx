import { Drawer } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

interface Props {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  /** Where the whole thing opens. */
  to?: string | undefined;
  children: ReactNode;
}

/** The drawer beside a list, which stays usable: arrow keys move it on. */
export function Peek({ title, isOpen, onClose, to, children }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      mask={false}
      size={480}
      title={title}
      extra={to ? <Link to={to}>{t("keys.open")}</Link> : undefined}
      keyboard={false}
      autoFocus={false}
      rootClassName="peek"
    >
      {children}
    </Drawer>
  );
}
