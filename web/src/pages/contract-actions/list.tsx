import { PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ActionTypes } from "./use-actions";
import { byLocale } from "@/i18n";
import { useMay } from "@/session";

interface Props {
  actions: ActionTypes;
  /** The code or the draft that is open. */
  picked: string;
  onNew: () => void;
}

/** Drafts first, then the published actions; a search in names and codes. */
export function ActionList({ actions, picked, onNew }: Props) {
  const { t } = useTranslation("contractActions");
  const mayWrite = useMay("contract.write");
  const [text, setText] = useState("");
  const fits = (one: { code: string; name_zh: string; name_en: string }) =>
    `${one.code} ${one.name_zh} ${one.name_en}`.toLowerCase().includes(text.trim().toLowerCase());
  const drafts = actions.drafts.filter(fits);
  const items = actions.items.filter(fits);
  return (
    <nav className="card action-list" aria-label={t("list")}>
      <Input
        allowClear
        prefix={<SearchOutlined />}
        placeholder={t("find")}
        aria-label={t("find")}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul>
        {drafts.map((one) => (
          <li key={one.id}>
            <Link to={`/contract/actions/${one.id}`} aria-current={one.id === picked ? "page" : undefined}>
              <span>{byLocale(one.name_zh, one.name_en) || one.code}</span>
              <span className="note" data-tone="pend">
                {t(`states.${one.state}`)} v{one.version}
              </span>
            </Link>
          </li>
        ))}
        {items.map((one) => (
          <li key={one.code}>
            <Link to={`/contract/actions/${one.code}`} aria-current={one.code === picked ? "page" : undefined}>
              <span>{byLocale(one.name_zh, one.name_en)}</span>
              <span className="note">
                {t(`types.${one.type}`)} {one.active ? `v${one.version}` : t("retired")}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {drafts.length + items.length === 0 && <p className="note">{t("nothing", { text })}</p>}
      {mayWrite && (
        <Button block icon={<PlusOutlined />} onClick={onNew}>
          {t("new")}
        </Button>
      )}
    </nav>
  );
}
