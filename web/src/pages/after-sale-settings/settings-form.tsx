import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { AfterSaleSettings, AfterSaleSettingsShown } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

export const PATH = "/v1/after-sale-settings";
export const KEY = ["after-sale-settings"] as const;
const FEN = 100;
const AUTO_YUAN_MAX = 500;
const DAYS_MAX = 365;
const EXEMPTIONS = ["perishable", "licensed", "custom", "digital", "periodical", "agreed"] as const;

interface Exempt {
  sku?: string;
  why?: string;
}

interface Given {
  auto: number;
  second: number;
  byLink: boolean;
  returnTo?: string;
  days: Record<string, number>;
  exempt?: Exempt[];
}

/** Amounts, what buyers may ask for by their link, and goods that are excepted: kept together. */
export function SettingsForm({ found }: { found: AfterSaleSettingsShown }) {
  const { t } = useTranslation(["after-sale-settings", "after-sales", "rights"]);
  const words = useProblemWords();
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const [form] = Form.useForm<Given>();
  const keep = useMutation({
    mutationFn: async (given: Given) => {
      const json = told(given, found);
      const amount = money(json.auto_fen ?? 0);
      const more = (json.auto_fen ?? 0) > found.auto_fen;
      if (
        more &&
        !(await confirm({
          title: t("autoAsk", { amount }),
          text: t("autoNote"),
          act: t("autoIt", { amount }),
        }))
      )
        return undefined;
      return proven(() => ask<AfterSaleSettingsShown>(PATH, { method: "PUT", json }));
    },
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData(KEY, kept);
      notice.done(t("kept"));
    },
  });
  const mayNot = t("mayNot", { right: t("rights:merchant.write") });
  return (
    <Form<Given>
      form={form}
      name="asking"
      layout="vertical"
      requiredMark={false}
      disabled={!mayWrite}
      initialValues={{
        auto: found.auto_fen / FEN,
        second: found.second_fen / FEN,
        byLink: found.by_link,
        returnTo: found.return_to,
        days: Object.fromEntries(
          found.usual.map((one) => [one.reason, found.windows[one.reason] ?? one.days]),
        ),
        exempt: Object.entries(found.exempt).map(([sku, why]) => ({ sku, why })),
      }}
      onFinish={(given) => keep.mutate(given)}
    >
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      {!mayWrite && <Alert type="info" showIcon title={mayNot} />}
      <div className="settings-columns">
        <Card title={t("amounts")}>
          <Form.Item
            name="auto"
            label={t("auto")}
            extra={t("autoHint")}
            rules={[{ required: true, type: "number", min: 0, max: AUTO_YUAN_MAX, message: t("autoWrong") }]}
          >
            <InputNumber precision={2} suffix={t("yuan")} className="settings-number" />
          </Form.Item>
          <Form.Item
            name="second"
            label={t("second")}
            extra={t("secondHint")}
            rules={[{ required: true, type: "number", min: 0, message: t("secondWrong") }]}
          >
            <InputNumber precision={2} suffix={t("yuan")} className="settings-number" />
          </Form.Item>
        </Card>
        <Card title={t("buyers")}>
          <Form.Item name="byLink" label={t("byLink")} valuePropName="checked" extra={t("byLinkHint")}>
            <Switch />
          </Form.Item>
          <Form.Item name="returnTo" label={t("returnTo")} extra={t("returnToHint")}>
            <Input maxLength={300} autoComplete="off" />
          </Form.Item>
        </Card>
      </div>
      <Card title={t("windows")} note={t("windowsNote")}>
        <div className="window-days">
          {found.usual.map((one) => (
            <Form.Item
              key={one.reason}
              name={["days", one.reason]}
              label={t(`after-sales:reasons.${one.reason}`)}
              extra={
                one.binds
                  ? `${byLocale(one.zh, one.en)}（${one.source}）`
                  : t("usually", { count: one.days })
              }
              rules={[
                {
                  required: true,
                  type: "integer",
                  min: one.binds ? one.days : 0,
                  max: DAYS_MAX,
                  message: t("daysWrong", { least: one.binds ? one.days : 0, most: DAYS_MAX }),
                },
              ]}
            >
              <InputNumber suffix={t("days")} className="settings-number" />
            </Form.Item>
          ))}
        </div>
      </Card>
      <Card title={t("exempt")} note={t("exemptNote")}>
        <Form.List name="exempt">
          {(fields, { add, remove }) => (
            <>
              {fields.map(({ key, name }) => (
                <div key={key} className="exempt-row">
                  <Form.Item
                    name={[name, "sku"]}
                    rules={[{ required: true, whitespace: true, message: t("skuMissing") }]}
                  >
                    <Input aria-label={t("sku")} placeholder={t("sku")} maxLength={64} />
                  </Form.Item>
                  <Form.Item name={[name, "why"]} rules={[{ required: true, message: t("whyMissing") }]}>
                    <Select
                      aria-label={t("why")}
                      placeholder={t("why")}
                      options={EXEMPTIONS.map((one) => ({ value: one as string, label: t(`whys.${one}`) }))}
                    />
                  </Form.Item>
                  <Button onClick={() => remove(name)}>{t("remove")}</Button>
                </div>
              ))}
              {fields.length === 0 && <p className="note">{t("exemptNone")}</p>}
              <Button onClick={() => add({})}>{t("add")}</Button>
            </>
          )}
        </Form.List>
        <p className="settings-foot">
          <Button type="primary" htmlType="submit" loading={keep.isPending} title={mayWrite ? undefined : mayNot}>
            {t("keep")}
          </Button>
        </p>
      </Card>
    </Form>
  );
}

/** What is to be kept: days that are the usual ones are not named, so that they follow the law. */
function told(given: Given, found: AfterSaleSettingsShown): AfterSaleSettings {
  const own = found.usual.filter((one) => given.days[one.reason] !== one.days);
  return {
    auto_fen: Math.round(given.auto * FEN),
    second_fen: Math.round(given.second * FEN),
    by_link: given.byLink,
    return_to: given.returnTo?.trim() ?? "",
    windows: Object.fromEntries(own.map((one) => [one.reason, given.days[one.reason]])),
    exempt: Object.fromEntries(
      (given.exempt ?? []).map((one) => [one.sku?.trim() ?? "", one.why]),
    ),
  } as AfterSaleSettings;
}
