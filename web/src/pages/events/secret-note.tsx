import { Alert, Modal, Typography } from "antd";
import { useTranslation } from "react-i18next";

/** A secret, shown this once. */
export function SecretNote({
  secret,
  url,
  onClose,
}: {
  secret: string;
  url: string;
  onClose: () => void;
}) {
  const { t } = useTranslation("events");
  return (
    <Modal
      open
      title={t("secret.title")}
      okText={t("secret.kept")}
      cancelButtonProps={{ style: { display: "none" } }}
      closable={false}
      mask={{ closable: false }}
      onOk={onClose}
    >
      <Alert type="warning" showIcon title={t("secret.once")} />
      <p className="note">{t("secret.where", { url })}</p>
      <Typography.Paragraph code copyable className="events-secret">
        {secret}
      </Typography.Paragraph>
    </Modal>
  );
}
