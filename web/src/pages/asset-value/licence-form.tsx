import { useMutation, useQuery } from "@tanstack/react-query";
import { Checkbox, Form, Input, InputNumber, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { AssetPage, LicenceItem, LicenceTerms } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { called, KEY, later, PURPOSES, today, useValues } from "./model";

interface Fields {
  asset: string;
  code: string;
  name: string;
  country: string;
  purpose: string;
  contract: string;
  columns: string[];
  since: string;
  until: string;
  period: number;
  delivery: number;
  thousand: number;
  query: number;
  rows_day: number;
  k: number;
  resale: boolean;
  room: string[];
  queries_day: number;
  text: string;
}

const fen = (yuan: number | null | undefined) => Math.round((yuan ?? 0) * 100);

function fieldsOf(terms: LicenceTerms | undefined): Fields {
  return {
    asset: terms?.asset ?? "",
    code: terms?.recipient.code ?? "",
    name: terms?.recipient.name ?? "",
    country: terms?.recipient.country ?? "CN",
    purpose: terms?.purpose ?? "operations",
    contract: terms?.contract ?? "",
    columns: terms?.columns ?? [],
    since: terms?.since ?? today(),
    until: terms?.until ?? later(today(), 12),
    period: (terms?.price?.period_fen ?? 0) / 100,
    delivery: (terms?.price?.delivery_fen ?? 0) / 100,
    thousand: (terms?.price?.thousand_rows_fen ?? 0) / 100,
    query: (terms?.price?.query_fen ?? 0) / 100,
    rows_day: terms?.rows_day ?? 100_000,
    k: terms?.k ?? 5,
    resale: terms?.resale ?? false,
    room: terms?.clean_room?.by ?? [],
    queries_day: terms?.queries_day ?? 0,
    text: terms?.text ?? "",
  };
}

function termsOf(told: Fields, before: LicenceTerms | undefined): LicenceTerms {
  return {
    ...before,
    asset: told.asset,
    recipient: { code: told.code.trim(), name: told.name.trim(), country: told.country },
    purpose: told.purpose,
    contract: told.contract ?? "",
    columns: told.columns,
    since: told.since,
    until: told.until,
    price: {
      ...before?.price,
      period_fen: fen(told.period),
      delivery_fen: fen(told.delivery),
      thousand_rows_fen: fen(told.thousand),
      query_fen: fen(told.query),
    },
    rows_day: told.rows_day ?? 0,
    queries_day: told.queries_day ?? 0,
    k: told.k ?? 5,
    resale: told.resale,
    clean_room: told.room.length > 0 ? { ...before?.clean_room, by: told.room } : null,
    text: told.text ?? "",
  };
}

/** 起草授权: the terms of a licence, or other terms of a draft. */
export function LicenceForm({ licence, onClose }: { licence?: LicenceItem; onClose: () => void }) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const values = useValues();
  const [form] = Form.useForm<Fields>();
  const asset = Form.useWatch("asset", form) ?? licence?.terms.asset ?? "";
  const page = useQuery({
    queryKey: [...KEY, "asset", asset],
    queryFn: ({ signal }) => ask<AssetPage>(`/v1/assets/${asset}`, { signal }),
    enabled: asset !== "",
  });
  const columns = (page.data?.columns ?? []).filter(
    (one) => one.role === "grain" || one.role === "measure",
  );
  const offered = (roles: readonly string[]) =>
    columns
      .filter((one) => roles.includes(one.role))
      .map((one) => ({ value: one.name, label: called(one.title) }));
  const save = useMutation({
    mutationFn: (told: Fields) =>
      ask<LicenceItem>(licence ? `/v1/licences/${licence.id}` : "/v1/licences", {
        method: licence ? "PUT" : "POST",
        json: termsOf(told, licence?.terms),
      }),
    onSuccess: async () => {
      notice.done(t("licenceDrafted"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const needed = [{ required: true, message: t("needed") }];
  const yuan = (name: keyof Fields, label: string) => (
    <Form.Item name={name} label={label}>
      <InputNumber min={0} max={1e11} precision={2} prefix="¥" style={{ width: "100%" }} />
    </Form.Item>
  );
  return (
    <Modal
      open
      width={680}
      title={t(licence ? "changeTerms" : "draftLicence")}
      okText={t("sendToSecond")}
      cancelText={t("common:acts.back")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("licenceNote")}</p>
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form<Fields>
        form={form}
        name="licence"
        layout="vertical"
        requiredMark={false}
        className="value-grid"
        initialValues={fieldsOf(licence?.terms)}
        onFinish={(told) => save.mutate(told)}
      >
        <Form.Item name="asset" label={t("columns.asset")} rules={needed}>
          <Select
            disabled={Boolean(licence)}
            options={(values.data?.items ?? []).map((one) => ({
              value: one.asset,
              label: called(one.title),
            }))}
          />
        </Form.Item>
        <Form.Item name="purpose" label={t("licence.purpose")} rules={needed}>
          <Select options={PURPOSES.map((one) => ({ value: one, label: t(`purposes.${one}`) }))} />
        </Form.Item>
        <Form.Item name="code" label={t("licence.code")} rules={needed}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="name" label={t("licence.recipient")} rules={needed}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="country" label={t("licence.country")} rules={needed}>
          <Input maxLength={2} />
        </Form.Item>
        <Form.Item name="contract" label={t("licence.contract")}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="since" label={t("licence.since")} rules={needed}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="until" label={t("licence.until")} rules={needed}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="columns" label={t("licence.columns")} className="value-wide">
          <Select mode="multiple" options={offered(["grain", "measure"])} />
        </Form.Item>
        <Form.Item
          name="room"
          label={t("licence.room")}
          extra={t("roomHint")}
          className="value-wide"
        >
          <Select mode="multiple" options={offered(["grain"])} />
        </Form.Item>
        {yuan("period", t("prices.period"))}
        {yuan("delivery", t("prices.delivery"))}
        {yuan("thousand", t("prices.thousand_rows"))}
        {yuan("query", t("prices.query"))}
        <Form.Item name="rows_day" label={t("licence.rowsDay")}>
          <InputNumber min={0} max={1e7} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="queries_day" label={t("licence.queriesDay")}>
          <InputNumber min={0} max={1e4} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="k" label={t("licence.k")}>
          <InputNumber min={1} max={1_000} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="resale" valuePropName="checked" label={t("licence.conditions")}>
          <Checkbox>{t("resale")}</Checkbox>
        </Form.Item>
        <Form.Item name="text" label={t("licence.text")} className="value-wide">
          <Input.TextArea rows={2} maxLength={2_000} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
