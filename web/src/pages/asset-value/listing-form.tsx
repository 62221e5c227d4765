import { useMutation, useQuery } from "@tanstack/react-query";
import { Form, Input, InputNumber, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { AssetPage, DataExchange, ListingItem } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { called, KEY, PURPOSES, span, useValues } from "./model";

interface Fields {
  asset: string;
  exchange: string;
  purpose: string;
  columns: string[];
  months: number;
  period: number;
  delivery: number;
  text: string;
}

const fen = (yuan: number | null | undefined) => Math.round((yuan ?? 0) * 100);

/** 起草上架: what is offered at which exchange; a second person submits it. */
export function ListingForm({ exchanges, onClose }: { exchanges: readonly DataExchange[]; onClose: () => void }) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const values = useValues();
  const [form] = Form.useForm<Fields>();
  const asset = Form.useWatch("asset", form) ?? "";
  const value = values.data?.items.find((one) => one.asset === asset);
  const page = useQuery({
    queryKey: [...KEY, "asset", asset],
    queryFn: ({ signal }) => ask<AssetPage>(`/v1/assets/${asset}`, { signal }),
    enabled: asset !== "",
  });
  const columns = (page.data?.columns ?? [])
    .filter((one) => one.role === "grain" || one.role === "measure")
    .map((one) => ({ value: one.name, label: called(one.title) }));
  const save = useMutation({
    mutationFn: ({ period, delivery, ...told }: Fields) =>
      ask<ListingItem>("/v1/listings", {
        method: "POST",
        json: {
          ...told,
          text: told.text ?? "",
          price: { period_fen: fen(period), delivery_fen: fen(delivery) },
        },
      }),
    onSuccess: async () => {
      notice.done(t("listingDrafted"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const needed = [{ required: true, message: t("needed") }];
  return (
    <Modal
      open
      title={t("draftListing")}
      okText={t("sendToSecond")}
      cancelText={t("common:acts.back")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("listingNote")}</p>
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form<Fields>
        form={form}
        name="listing"
        layout="vertical"
        requiredMark={false}
        initialValues={{
          exchange: exchanges[0]?.code,
          purpose: "operations",
          columns: [],
          months: 12,
          period: 0,
          delivery: 0,
        }}
        onFinish={(told) => save.mutate(told)}
      >
        <Form.Item
          name="asset"
          label={t("columns.asset")}
          rules={needed}
          extra={
            value &&
            (value.version ? t("valuedAt", { range: span(value.low_fen, value.high_fen) }) : t("notValued"))
          }
        >
          <Select
            options={(values.data?.items ?? []).map((one) => ({
              value: one.asset,
              label: called(one.title),
            }))}
          />
        </Form.Item>
        <Form.Item name="exchange" label={t("exchange")} rules={needed}>
          <Select options={exchanges.map((one) => ({ value: one.code, label: one.title }))} />
        </Form.Item>
        <Form.Item name="purpose" label={t("licence.purpose")} rules={needed}>
          <Select options={PURPOSES.map((one) => ({ value: one, label: t(`purposes.${one}`) }))} />
        </Form.Item>
        <Form.Item name="columns" label={t("licence.columns")} rules={needed}>
          <Select mode="multiple" options={columns} />
        </Form.Item>
        <Form.Item name="months" label={t("months")} rules={needed}>
          <InputNumber min={1} max={120} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="period" label={t("prices.period")}>
          <InputNumber min={0} precision={2} prefix="¥" style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="delivery" label={t("prices.delivery")}>
          <InputNumber min={0} precision={2} prefix="¥" style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="text" label={t("licence.text")}>
          <Input.TextArea rows={2} maxLength={2_000} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
