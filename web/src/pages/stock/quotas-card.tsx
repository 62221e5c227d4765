import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, InputNumber, Popover, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { QuotaRow, SkuPlace } from "@/api/types.gen";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { Named } from "@/parts/named";
import { useNotice } from "@/parts/notice";
import { useMay } from "@/session";
import { setQuota } from "./stock";

const CHANNELS = [
  "taobao", "jd", "pdd", "douyin", "wechat-miniprogram", "shopify", "woocommerce", "amazon", "api",
];
const UNITS_MAX = 1_000_000_000_000;

interface Props {
  sku: string;
  quotas: readonly QuotaRow[];
  places: readonly SkuPlace[];
}

/** 渠道配额: what a channel may sell at most of the SKU in a warehouse. */
export function QuotasCard({ sku, quotas, places }: Props) {
  const { t } = useTranslation(["stock", "common"]);
  const mayWrite = useMay("quota.write");
  const notice = useNotice();

  async function set(quota: QuotaRow, cap: number, before: number) {
    try {
      await setQuota(sku, quota.warehouse, quota.channel, cap);
      const said = cap < 0 ? "quota.lifted" : "quota.done";
      notice.done(t(said, { ...quota, n: count(cap) }), {
        undo: () => setQuota(sku, quota.warehouse, quota.channel, before).catch(notice.failed),
      });
    } catch (error) {
      notice.failed(error);
    }
  }

  return (
    <Card
      title={t("quota.title")}
      isFlush={quotas.length > 0}
      extra={mayWrite && <NewQuota places={places} onSet={(quota) => void set(quota, quota.cap, -1)} />}
    >
      {quotas.length === 0 ? (
        <p className="muted">{t("quota.none")}</p>
      ) : (
        <table>
          <caption className="visually-hidden">{t("quota.title")}</caption>
          <thead>
            <tr>
              <th>{t("columns.warehouse")}</th>
              <th>{t("columns.channel")}</th>
              <th className="num">{t("quota.used")}</th>
              {mayWrite && <th aria-label={t("quota.acts")} />}
            </tr>
          </thead>
          <tbody>
            {quotas.map((quota) => (
              <tr key={`${quota.warehouse} ${quota.channel}`}>
                <td>
                  <Named
                    name={places.find((one) => one.warehouse === quota.warehouse)?.name ?? ""}
                    code={quota.warehouse}
                  />
                </td>
                <td>{t(`common:channels.${quota.channel}`, { defaultValue: quota.channel })}</td>
                <td className="num">
                  {count(quota.used)} / {count(quota.cap)}
                </td>
                {mayWrite && (
                  <td className="num">
                    <Button size="small" type="link" onClick={() => void set(quota, -1, quota.cap)}>
                      {t("quota.lift")}
                    </Button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function NewQuota({
  places,
  onSet,
}: {
  places: readonly SkuPlace[];
  onSet: (quota: QuotaRow) => void;
}) {
  const { t } = useTranslation(["stock", "common"]);
  const [isOpen, open] = useState(false);
  const words = (channel: string) => t(`common:channels.${channel}`, { defaultValue: channel });
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={isOpen}
      onOpenChange={open}
      destroyOnHidden
      content={
        <Form
          layout="vertical"
          className="stock-editor"
          onFinish={(values: QuotaRow) => {
            open(false);
            onSet({ ...values, sku: "", used: 0 });
          }}
        >
          <Form.Item
            name="warehouse"
            label={t("columns.warehouse")}
            rules={[{ required: true, message: t("quota.missing") }]}
          >
            <Select
              showSearch={{ optionFilterProp: "label" }}
              options={places.map((p) => ({ value: p.warehouse, label: `${p.warehouse} ${p.name}` }))}
            />
          </Form.Item>
          <Form.Item
            name="channel"
            label={t("columns.channel")}
            rules={[{ required: true, message: t("quota.missing") }]}
          >
            <Select options={CHANNELS.map((one) => ({ value: one, label: words(one) }))} />
          </Form.Item>
          <Form.Item
            name="cap"
            label={t("quota.cap")}
            rules={[{ required: true, message: t("edit.number") }]}
          >
            <InputNumber min={0} max={UNITS_MAX} precision={0} />
          </Form.Item>
          <Button type="primary" htmlType="submit">
            {t("quota.set")}
          </Button>
        </Form>
      }
    >
      <Button size="small" icon={<PlusOutlined />}>
        {t("quota.add")}
      </Button>
    </Popover>
  );
}
