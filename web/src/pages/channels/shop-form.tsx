import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { type Shop, SHOPS_KEY } from "./shops";

const CHANNELS = [
  "taobao",
  "jd",
  "pdd",
  "douyin",
  "wechat-miniprogram",
  "shopify",
  "woocommerce",
  "amazon",
] as const;

interface Given {
  account: string;
  channel: string;
  shop: string;
  key: string;
  secret: string;
}

/** Connect a shop, or give it another secret; a secret that was kept is never shown. */
export function ShopForm({ shop, onClose }: { shop: Shop | null; onClose: () => void }) {
  const { t } = useTranslation(["channels", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const [form] = Form.useForm<Given>();
  const keep = useMutation({
    mutationFn: async (given: Given) => {
      let isDone = false;
      await proven(async () => {
        await ask("/v1/accounts", { method: "PUT", json: given });
        isDone = true;
      });
      return isDone;
    },
    onSuccess: async (isDone) => {
      if (!isDone) return;
      notice.done(t("kept", { name: form.getFieldValue("shop") || form.getFieldValue("account") }));
      await queries.invalidateQueries({ queryKey: SHOPS_KEY });
      onClose();
    },
  });
  const needed = (name: string) => [{ required: true, message: t(`missing.${name}`) }];
  return (
    <Modal
      open
      title={shop ? t("changeShop", { name: shop.shop || shop.account }) : t("connect")}
      okText={t(shop ? "saveIt" : "connect")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {keep.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
      )}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ key: "", shop: "", ...shop, secret: "" }}
        onFinish={({ account, channel, shop: name, key, secret }) =>
          keep.mutate({ account, channel, shop: name, key, secret })
        }
      >
        <Form.Item name="channel" label={t("columns.channel")} rules={needed("channel")}>
          <Select
            disabled={shop !== null}
            options={CHANNELS.map((code) => ({ value: code, label: t(`common:channels.${code}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="account"
          label={t("columns.account")}
          extra={t("accountHint")}
          rules={needed("account")}
        >
          <Input disabled={shop !== null} maxLength={64} spellCheck={false} />
        </Form.Item>
        <Form.Item name="shop" label={t("columns.shop")}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="key" label={t("appKey")}>
          <Input autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="secret"
          label={t("columns.secret")}
          extra={t("secretHint")}
          rules={[{ required: true, min: 8, message: t("missing.secret") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
