import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PageHead } from "@/frame/page-head";
import { useMay } from "@/session";
import { Inbox } from "./inbox";
import { ShopForm } from "./shop-form";
import { type Shop, Shops } from "./shops";
import "./channels.css";

/** 渠道: the shops whose messages are taken, and the messages that became no act. */
export default function Channels() {
  const { t } = useTranslation("channels");
  const mayKeep = useMay("account.admin");
  const mayRead = useMay("inbox.read");
  const [edited, setEdited] = useState<Shop | "new" | null>(null);
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          mayKeep && (
            <>
              <Link to="/channels/pulls">{t("toPulls")}</Link>
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
                {t("connect")}
              </Button>
            </>
          )
        }
      />
      {mayKeep && <Shops onEdit={setEdited} />}
      {mayRead && <Inbox />}
      {edited && (
        <ShopForm shop={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
    </>
  );
}
