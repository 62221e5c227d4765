import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, AutoComplete, Button, Form, Input, InputNumber, Modal, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { PulledShop, PulledShops, PullPlatform, PullTrial, Shop } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { SHOPS_KEY } from "@/pages/channels/shops";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { PULLS, PULLS_KEY } from "./model";
import { TrialNote } from "./trial-note";

/** Channels of shops whose numbers alone can be watched: those that no platform lists. */
const OTHERS = ["douyin", "wechat-miniprogram", "shopify", "woocommerce", "amazon", "table"] as const;

interface Account {
  channel: string;
  shop: string;
  account: string;
}

interface Props {
  /** The shop to change, null for a new one. */
  shop: Shop | null;
  platforms: readonly PullPlatform[];
  onClose: () => void;
}

/** Connects a shop's listing: what it asks for is what its platform's adapter says. */
export function ShopForm({ shop, platforms, onClose }: Props) {
  const { t } = useTranslation(["pulls", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const [form] = Form.useForm<PulledShop>();
  const channel = Form.useWatch("channel", form) ?? shop?.channel ?? "";
  const platform = platforms.find((one) => one.code === channel);
  const accounts = useQuery({
    queryKey: SHOPS_KEY,
    queryFn: () => ask<{ items: Account[] }>("/v1/accounts"),
  });
  const told = (given: PulledShop): PulledShop => ({
    ...given,
    adapter: platform?.code ?? "",
    url: platform ? given.url : "",
    is_sequence: platform ? given.is_sequence : true,
  });
  const tried = useMutation({
    mutationFn: async () => {
      const given = await form.validateFields();
      return proven(() => ask<PullTrial>(`${PULLS}/try`, { method: "POST", json: told(given) }));
    },
  });
  const keep = useMutation({
    mutationFn: (given: PulledShop) =>
      proven(() => ask<PulledShops>(PULLS, { method: "PUT", json: told(given) })),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData(PULLS_KEY, kept);
      notice.done(t("kept", { name: form.getFieldValue("shop") }));
      onClose();
    },
  });
  const names = (accounts.data?.items ?? [])
    .filter((one) => one.channel === channel)
    .map((one) => one.shop || one.account);
  const isFailed = tried.error && !("errorFields" in tried.error); // the form shows those itself
  return (
    <Modal
      open
      title={shop ? t("changeShop", { name: shop.shop }) : t("connect")}
      onCancel={onClose}
      footer={[
        <Button key="back" onClick={onClose}>
          {t("common:acts.back")}
        </Button>,
        platform && (
          <Button key="try" loading={tried.isPending} onClick={() => tried.mutate()}>
            {t("try")}
          </Button>
        ),
        <Button key="keep" type="primary" loading={keep.isPending} onClick={() => form.submit()}>
          {t(shop ? "saveIt" : "connect")}
        </Button>,
      ]}
    >
      {keep.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
      )}
      {isFailed && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(tried.error))} />
      )}
      {tried.data && <TrialNote trial={tried.data} />}
      <Form<PulledShop>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ every_s: 60, is_sequence: false, ...shop }}
        onFinish={(given) => keep.mutate(given)}
        onValuesChange={(changed: Partial<PulledShop>) => {
          const next = platforms.find((one) => one.code === changed.channel);
          if (next) form.setFieldValue("url", next.url);
        }}
      >
        <Form.Item
          name="channel"
          label={t("columns.channel")}
          rules={[{ required: true, message: t("missing.channel") }]}
        >
          <Select
            disabled={shop !== null}
            options={[
              {
                label: t("listed"),
                options: platforms.map((one) => ({
                  value: one.code,
                  label: byLocale(one.title, one.title_en),
                })),
              },
              {
                label: t("numbersOnly"),
                options: OTHERS.map((code) => ({ value: code, label: t(`common:channels.${code}`) })),
              },
            ]}
          />
        </Form.Item>
        <Form.Item
          name="shop"
          label={t("columns.shop")}
          extra={t("shopHint")}
          rules={[{ required: true, message: t("missing.shop") }]}
        >
          <AutoComplete
            disabled={shop !== null}
            options={[...new Set(names)].map((value) => ({ value }))}
          />
        </Form.Item>
        {platform && <Access platform={platform} shop={shop} />}
        {channel !== "" && !platform && <p className="note">{t("numbersHint")}</p>}
        {platform && (
          <Form.Item name="is_sequence" label={t("sequence")} extra={t("sequenceHint")} valuePropName="checked">
            <Switch />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}

/** What opens the platform, field by field as its adapter names them. */
function Access({ platform, shop }: { platform: PullPlatform; shop: Shop | null }) {
  const { t } = useTranslation("pulls");
  const isKept: Record<string, boolean> = {
    key: shop?.has_key ?? false,
    secret: shop?.has_secret ?? false,
    token: shop?.has_token ?? false,
  };
  return (
    <>
      <Form.Item name="url" label={t("url")} rules={[{ required: true, message: t("missing.url") }]}>
        <Input spellCheck={false} maxLength={500} />
      </Form.Item>
      {platform.fields.map((field) => {
        const label = byLocale(field.label, field.label_en);
        return (
          <Form.Item
            key={field.code}
            name={field.code}
            label={label}
            extra={isKept[field.code] ? t("keepHint") : undefined}
            rules={[{ required: !isKept[field.code], message: t("missing.field", { field: label }) }]}
          >
            {field.is_secret ? (
              <Input.Password autoComplete="new-password" maxLength={500} />
            ) : (
              <Input autoComplete="off" spellCheck={false} maxLength={500} />
            )}
          </Form.Item>
        );
      })}
      <Form.Item name="every_s" label={t("every")} extra={t("everyHint")}>
        <InputNumber min={2} max={86_400} suffix={t("seconds")} />
      </Form.Item>
    </>
  );
}
