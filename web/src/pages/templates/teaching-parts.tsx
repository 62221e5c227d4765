import { CheckOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Card } from "@/parts/card";

/** The head of a new template: its code, name and customer. */
export function Naming(props: {
  code: string;
  title: string;
  customer: string;
  isNew: boolean;
  onCode: (code: string) => void;
  onTitle: (title: string) => void;
  onCustomer: (customer: string) => void;
}) {
  const { t } = useTranslation("documents");
  const field = (key: "code" | "title" | "customer", change: (value: string) => void, disabled: boolean) => (
    <label>
      <span>{t(`templates.${key}`)}</span>
      <Input
        value={props[key]}
        maxLength={key === "title" ? 200 : 64}
        disabled={disabled}
        placeholder={key === "customer" ? t("templates.customerNote") : ""}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  );
  return (
    <div className="templates-naming">
      {field("code", props.onCode, !props.isNew)}
      {field("title", props.onTitle, false)}
      {field("customer", props.onCustomer, false)}
    </div>
  );
}

/** Buttons of a template: try it, publish it. */
export function Acts(props: {
  version: number;
  mayPublish: boolean;
  busy: "" | "try" | "publish";
  onTry: () => void;
  onPublish: () => void;
}) {
  const { t } = useTranslation("documents");
  return (
    <Card title={t("templates.result")}>
      <div className="templates-acts">
        <Button icon={<PlayCircleOutlined />} loading={props.busy === "try"} onClick={props.onTry}>
          {t("templates.try")}
        </Button>
        <Button
          type="primary"
          icon={<CheckOutlined />}
          disabled={!props.mayPublish}
          loading={props.busy === "publish"}
          onClick={props.onPublish}
        >
          {t("templates.publish", { version: props.version })}
        </Button>
      </div>
    </Card>
  );
}
