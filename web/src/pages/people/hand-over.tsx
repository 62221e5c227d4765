import { CopyOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Space } from "antd";
import { useTranslation } from "react-i18next";
import { near } from "@/format";
import { useNotice } from "@/parts/notice";
import type { Link } from "./person";

/** A link that works once, to be copied. */
export function HandOver({ link }: { link: Link }) {
  const { t } = useTranslation("people");
  const notice = useNotice();
  const address = `${window.location.origin}${link.path}`;
  return (
    <>
      <Alert type="warning" showIcon title={t("linkNote", { ends: near(link.ends) })} />
      <Space.Compact block className="hand-over">
        <Input readOnly value={address} aria-label={t("link")} onFocus={(e) => e.target.select()} />
        <Button
          icon={<CopyOutlined />}
          onClick={() => {
            void navigator.clipboard.writeText(address).then(() => notice.done(t("copied")));
          }}
        >
          {t("copy")}
        </Button>
      </Space.Compact>
    </>
  );
}
