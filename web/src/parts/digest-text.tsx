import { CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { digest } from "@/format/numbers";

/** A digest in groups of four with a button that copies all of it. */
export function DigestText({ hex, groups = 3 }: { hex: string; groups?: number }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  return (
    <span className="digest">
      <code title={digest(hex, Infinity)}>{digest(hex, groups)}</code>
      <Button
        type="text"
        size="small"
        icon={<CopyOutlined />}
        aria-label={t("acts.copy")}
        onClick={() => {
          void navigator.clipboard.writeText(hex).then(() => message.success(t("acts.copied")));
        }}
      />
    </span>
  );
}
