import { Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";

const BASES = ["", "consent", "contract", "law"] as const;
const MECHANISMS = ["", "standard_contract", "certification", "security_assessment"] as const;
const HOME = "CN";
const CODE_MAX = 64;

/** To whom, in which country, on which basis, carried over the border by what. */
export function ShareFields() {
  const { t } = useTranslation("assetShares");
  const country = Form.useWatch("country") ?? HOME;
  return (
    <div className="asset-export-share">
      <Form.Item
        name="recipient"
        label={t("columns.recipient")}
        rules={[{ required: true, whitespace: true, message: t("ask.noRecipient") }]}
      >
        <Input maxLength={CODE_MAX} placeholder={t("ask.recipientHint")} />
      </Form.Item>
      <Form.Item
        name="country"
        label={t("ask.country")}
        normalize={(value: string) => value.toUpperCase()}
        rules={[{ pattern: /^[A-Z]{2}$/, message: t("ask.noCountry") }]}
      >
        <Input maxLength={2} />
      </Form.Item>
      <Form.Item name="basis" label={t("ask.basis")}>
        <Select
          options={BASES.map((one) => ({ value: one, label: t(`bases.${one || "none"}`) }))}
        />
      </Form.Item>
      {country !== HOME && (
        <>
          <Form.Item name="mechanism" label={t("ask.mechanism")}>
            <Select
              options={MECHANISMS.map((one) => ({
                value: one,
                label: t(`mechanisms.${one || "none"}`),
              }))}
            />
          </Form.Item>
          <Form.Item name="mechanism_no" label={t("ask.mechanismNo")}>
            <Input maxLength={CODE_MAX} />
          </Form.Item>
        </>
      )}
    </div>
  );
}
