import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PaidReviewSetting } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import "./paid.css";

export const PATH = "/v1/paid-review-settings";
const PARTIES_MAX = 8;
const MINUTES_MAX = 10_080;
const OTHERWISE = ["wait", "hold", "pass"] as const;
const KNOWN = ["risk", "finance", "logistics"];

interface Party {
  name: string;
  required: boolean;
  minutes: number;
  otherwise: (typeof OTHERWISE)[number];
}

interface Given {
  on: boolean;
  parties: Party[];
}

/** Whom to ask; kept with the version that was looked at. */
export function SettingForm({ found }: { found: PaidReviewSetting }) {
  const { t } = useTranslation("paid");
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const [form] = Form.useForm<Given>();
  const keep = useMutation({
    mutationFn: ({ on, parties }: Given) =>
      proven(() =>
        ask<PaidReviewSetting>(PATH, {
          method: "PUT",
          json: {
            version: found.version,
            on,
            parties: parties.map(({ minutes, name, required, otherwise }) => ({
              name: name.trim(),
              required,
              otherwise,
              within_s: Math.round((minutes ?? 0) * 60),
            })),
          },
        }),
      ),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData([PATH], kept);
      notice.done(t(kept.on ? "keptOn" : "keptOff"));
    },
  });
  const initial: Given = {
    on: found.on,
    parties: found.parties.map((p) => ({
      name: p.name,
      required: p.required ?? true,
      otherwise: p.otherwise ?? "wait",
      minutes: (p.within_s ?? 0) / 60,
    })),
  };
  const parties = Form.useWatch("parties", form) ?? initial.parties;
  const missing = parties.map((p) => p?.name).filter((n) => n && !found.connected.includes(n));
  return (
    <Form<Given>
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!mayWrite}
      initialValues={initial}
      onFinish={(given) => keep.mutate(given)}
    >
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      <Form.Item name="on" label={t("switch")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Form.List name="parties">
        {(fields, { add, remove }) => (
          <>
            {fields.map(({ key, name }) => (
              <fieldset key={key} className="paid-party">
                <legend>{nameOf(parties[name]?.name, t)}</legend>
                <Form.Item
                  name={[name, "name"]}
                  label={t("capability")}
                  rules={[{ required: true, pattern: /^[a-z][a-z0-9_]{0,15}$/, message: t("nameWrong") }]}
                >
                  <Input spellCheck={false} autoComplete="off" maxLength={16} />
                </Form.Item>
                <Form.Item name={[name, "minutes"]} label={t("minutes")} extra={t("minutesNote")}>
                  <InputNumber min={0} max={MINUTES_MAX} className="settings-number" />
                </Form.Item>
                <Form.Item name={[name, "otherwise"]} label={t("otherwiseLabel")}>
                  <Select
                    options={OTHERWISE.map((value) => ({ value, label: t(`choices.${value}`) }))}
                  />
                </Form.Item>
                <Form.Item name={[name, "required"]} label={t("required")} valuePropName="checked">
                  <Switch />
                </Form.Item>
                <Button
                  icon={<DeleteOutlined />}
                  onClick={() => remove(name)}
                  aria-label={t("removeParty", { name: nameOf(parties[name]?.name, t) })}
                >
                  {t("remove")}
                </Button>
              </fieldset>
            ))}
            {fields.length < PARTIES_MAX && (
              <Button
                className="paid-add"
                icon={<PlusOutlined />}
                onClick={() =>
                  add({ name: "", required: false, minutes: 10, otherwise: "wait" } satisfies Party)
                }
              >
                {t("addParty")}
              </Button>
            )}
          </>
        )}
      </Form.List>
      {missing.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={
            <>
              {t("notConnected", { names: missing.map((n) => nameOf(n, t)).join(t("comma")) })}{" "}
              <Link to="/connectors" className="paid-link">
                {t("toConnectors")}
              </Link>
            </>
          }
        />
      )}
      <Button htmlType="submit" type="primary" loading={keep.isPending} className="paid-keep">
        {t("keep")}
      </Button>
    </Form>
  );
}

function nameOf(name: string | undefined, t: (key: string) => string): string {
  if (!name) return t("newParty");
  return KNOWN.includes(name) ? t(`names.${name}`) : name;
}
