import { CopyOutlined } from "@ant-design/icons";
import { Button, Input, Space } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { useMay, useSession } from "@/session";

/** Where clients of MCP call: with a key, or as a person by the merchant's provider. */
export function Addresses() {
  const { t } = useTranslation("assistantSettings");
  const { tenant } = useSession();
  const mayKeys = useMay("key.admin");
  return (
    <Card title={t("addresses")} note={t("addressesNote")}>
      <Address label={t("byKey")} hint={t("byKeyHint")} url={`${location.origin}/mcp`} />
      <Address label={t("byPerson")} hint={t("byPersonHint")} url={`${location.origin}/mcp/${tenant.code}`} />
      <ul className="settings-notes note">
        {(["wall", "untrusted", "approve", "limits"] as const).map((one) => (
          <li key={one}>{t(`rules.${one}`)}</li>
        ))}
      </ul>
      {mayKeys && (
        <p className="note settings-foot">
          <Link to="/settings/keys">{t("toKeys")}</Link>
        </p>
      )}
    </Card>
  );
}

function Address({ label, hint, url }: { label: string; hint: string; url: string }) {
  const { t } = useTranslation("assistantSettings");
  const notice = useNotice();
  const copy = () => void navigator.clipboard.writeText(url).then(() => notice.done(t("copied")));
  return (
    <div className="settings-address">
      <span>{label}</span>
      <Space.Compact block>
        <Input readOnly className="mono" value={url} aria-label={label} onFocus={(e) => e.target.select()} />
        <Button icon={<CopyOutlined />} aria-label={t("copyIt", { what: label })} onClick={copy} />
      </Space.Compact>
      <span className="note">{hint}</span>
    </div>
  );
}
