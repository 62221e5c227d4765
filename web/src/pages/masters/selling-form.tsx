import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, DatePicker, Form, Input, InputNumber, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { type Bundle, codeOf, drop, type Gift, type NewSelling, type Preorder, put, type SellingKind, type SellingRow } from "./selling";

const CODE_MAX = 64;
const NAME_MAX = 200;
const PARTS_MAX = 20;

/** A row as people fill it in: yuan, days. */
interface Values {
  code?: string;
  name?: string;
  sku?: string;
  parts?: { sku: string; units: number; share: number }[];
  units?: number;
  times?: number;
  yuan?: number;
  least_units?: number;
  skus?: string[];
  channels?: string[];
  since?: Dayjs | null;
  until?: Dayjs | null;
  stock?: number;
  once?: boolean;
  waits?: boolean;
  active?: boolean;
  group?: string;
  rank?: number;
  arrives?: Dayjs | null;
}

interface Props {
  kind: SellingKind;
  row: SellingRow | null;
  mayWrite: boolean;
  onDone: () => void;
}

/** One bundle, gift rule or announced SKU in full. */
export function SellingForm({ kind, row, mayWrite, onDone }: Props) {
  const { t } = useTranslation(["masters", "common"]);
  const notice = useNotice();
  const ask = useConfirm();
  const [isBusy, setBusy] = useState(false);
  async function submit(values: Values) {
    setBusy(true);
    try {
      const made = toRow(kind, values);
      await put(kind, made);
      notice.done(t(row ? "saved" : "added", { name: "code" in made ? made.code : made.sku }));
      onDone();
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy(false);
    }
  }
  async function remove(code: string) {
    const isMeant = await ask({
      title: t(`selling.drop.${kind}`, { code }),
      text: t("selling.dropText"),
      act: t("selling.dropIt", { code }),
      isDanger: true,
    });
    if (!isMeant) return;
    try {
      await drop(kind, code);
      onDone();
    } catch (error) {
      notice.failed(error);
    }
  }
  return (
    <Form
      layout="vertical"
      disabled={!mayWrite}
      initialValues={row ? toValues(kind, row) : BLANK[kind]}
      onFinish={(values: Values) => void submit(values)}
      className="masters-form"
    >
      {kind === "bundles" && <BundleFields isNew={row === null} mayWrite={mayWrite} />}
      {kind === "gifts" && <GiftFields isNew={row === null} />}
      {kind === "preorders" && <PreorderFields isNew={row === null} />}
      {mayWrite && (
        <div className="masters-form-acts">
          <Button type="primary" htmlType="submit" loading={isBusy}>
            {t(row ? "save" : "add")}
          </Button>
          {row && (
            <Button danger onClick={() => void remove(codeOf(row))}>
              {t("selling.dropAct")}
            </Button>
          )}
        </div>
      )}
    </Form>
  );
}

function useNeeded() {
  const { t } = useTranslation("masters");
  return {
    text: [{ required: true, whitespace: true, message: t("needed") }],
    any: [{ required: true, message: t("needed") }],
  };
}

function BundleFields({ isNew, mayWrite }: { isNew: boolean; mayWrite: boolean }) {
  const { t } = useTranslation("masters");
  const needed = useNeeded();
  return (
    <>
      <Form.Item name="code" label={t("selling.code")} rules={needed.text}>
        <Input maxLength={CODE_MAX} disabled={!isNew} />
      </Form.Item>
      <Form.Item name="name" label={t("selling.name")}>
        <Input maxLength={NAME_MAX} />
      </Form.Item>
      <Form.List name="parts">
        {(fields, { add, remove }) => (
          <fieldset className="masters-parts">
            <legend>{t("selling.parts")}</legend>
            {fields.map((field) => (
              <div key={field.key} className="masters-part">
                <Form.Item name={[field.name, "sku"]} label={t("selling.sku")} rules={needed.text}>
                  <Input maxLength={CODE_MAX} />
                </Form.Item>
                <Form.Item name={[field.name, "units"]} label={t("selling.units")} rules={needed.any}>
                  <InputNumber min={1} precision={0} />
                </Form.Item>
                <Form.Item name={[field.name, "share"]} label={t("selling.share")} rules={needed.any}>
                  <InputNumber min={0} precision={0} />
                </Form.Item>
                {mayWrite && fields.length > 1 && (
                  <Button
                    icon={<DeleteOutlined />}
                    aria-label={t("selling.dropPart", { no: field.name + 1 })}
                    onClick={() => remove(field.name)}
                  />
                )}
              </div>
            ))}
            {mayWrite && fields.length < PARTS_MAX && (
              <Button icon={<PlusOutlined />} onClick={() => add({ units: 1, share: 1 })}>
                {t("selling.addPart")}
              </Button>
            )}
            <p className="note">{t("selling.shareNote")}</p>
          </fieldset>
        )}
      </Form.List>
    </>
  );
}

function GiftFields({ isNew }: { isNew: boolean }) {
  const { t } = useTranslation("masters");
  const needed = useNeeded();
  const number = (name: string, label: string, precision = 0, min = 0) => (
    <Form.Item name={name} label={label}>
      <InputNumber min={min} precision={precision} />
    </Form.Item>
  );
  return (
    <>
      <Form.Item name="code" label={t("selling.code")} rules={needed.text}>
        <Input maxLength={CODE_MAX} disabled={!isNew} placeholder="autumn-sample" />
      </Form.Item>
      <Form.Item name="name" label={t("selling.name")} rules={needed.text}>
        <Input maxLength={NAME_MAX} />
      </Form.Item>
      <Form.Item name="sku" label={t("selling.giftSku")} rules={needed.text}>
        <Input maxLength={CODE_MAX} />
      </Form.Item>
      {number("units", t("selling.unitsEach"), 0, 1)}
      {number("times", t("selling.times"), 0, 1)}
      {number("yuan", t("selling.leastYuan"), 2)}
      {number("least_units", t("selling.leastUnitsLabel"))}
      <Form.Item name="skus" label={t("selling.skus")}>
        <Select mode="tags" open={false} suffixIcon={null} placeholder={t("selling.all")} />
      </Form.Item>
      <Form.Item name="channels" label={t("selling.channels")}>
        <Select mode="tags" open={false} suffixIcon={null} placeholder={t("selling.all")} />
      </Form.Item>
      <Form.Item name="since" label={t("selling.since")}>
        <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
      </Form.Item>
      <Form.Item name="until" label={t("selling.until")}>
        <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
      </Form.Item>
      {number("stock", t("selling.stock"))}
      <Form.Item name="group" label={t("selling.group")}>
        <Input maxLength={CODE_MAX} />
      </Form.Item>
      {number("rank", t("selling.rank"))}
      {(["once", "waits", "active"] as const).map((name) => (
        <Form.Item key={name} name={name} valuePropName="checked">
          <Checkbox>{t(`selling.${name}`)}</Checkbox>
        </Form.Item>
      ))}
    </>
  );
}

function PreorderFields({ isNew }: { isNew: boolean }) {
  const { t } = useTranslation("masters");
  const needed = useNeeded();
  return (
    <>
      <Form.Item name="sku" label={t("selling.sku")} rules={needed.text}>
        <Input maxLength={CODE_MAX} disabled={!isNew} />
      </Form.Item>
      <Form.Item name="arrives" label={t("selling.arrives")} rules={needed.any}>
        <DatePicker minDate={dayjs()} showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
      </Form.Item>
      <Form.Item name="units" label={t("selling.announced")} rules={needed.any}>
        <InputNumber min={1} precision={0} />
      </Form.Item>
    </>
  );
}

const BLANK: Record<SellingKind, Values> = {
  bundles: { parts: [{ sku: "", units: 1, share: 1 }] },
  gifts: { units: 1, times: 1, active: true },
  preorders: {},
};
const FEN = 100;
const day = (ms: number | undefined) => (ms ? dayjs(ms) : null);

function toValues(kind: SellingKind, row: SellingRow): Values {
  if (kind === "bundles") {
    const { code, name, parts } = row as Bundle;
    return { code, name, parts: parts.map(({ sku, units, share }) => ({ sku, units, share })) };
  }
  if (kind === "preorders") {
    const { sku, arrives, units } = row as Preorder;
    return { sku, arrives: dayjs(arrives), units };
  }
  const { rule } = row as Gift;
  return {
    code: rule.code,
    name: rule.name,
    sku: rule.sku,
    units: rule.units ?? 1,
    times: rule.times ?? 1,
    yuan: (rule.least_fen ?? 0) / FEN,
    least_units: rule.least_units ?? 0,
    skus: [...(rule.skus ?? [])],
    channels: [...(rule.channels ?? [])],
    since: day(rule.since_ms),
    until: day(rule.until_ms),
    stock: rule.stock ?? 0,
    once: rule.once ?? false,
    waits: rule.waits ?? false,
    active: rule.active ?? true,
    group: rule.group ?? "",
    rank: rule.rank ?? 0,
  };
}

function toRow(kind: SellingKind, v: Values): NewSelling {
  const code = (v.code ?? "").trim();
  const sku = (v.sku ?? "").trim();
  if (kind === "bundles") {
    const parts = (v.parts ?? []).map((p) => ({ ...p, sku: p.sku.trim() }));
    return { code, name: (v.name ?? "").trim(), parts };
  }
  if (kind === "preorders") {
    return { sku, arrives: (v.arrives ?? dayjs()).toISOString(), units: v.units ?? 1 };
  }
  return {
    code,
    name: (v.name ?? "").trim(),
    sku,
    units: v.units ?? 1,
    times: v.times ?? 1,
    least_fen: Math.round((v.yuan ?? 0) * FEN),
    least_units: v.least_units ?? 0,
    skus: v.skus ?? [],
    channels: v.channels ?? [],
    since_ms: v.since ? v.since.valueOf() : 0,
    until_ms: v.until ? v.until.valueOf() : 0,
    stock: v.stock ?? 0,
    once: v.once ?? false,
    waits: v.waits ?? false,
    active: v.active ?? true,
    group: (v.group ?? "").trim(),
    rank: v.rank ?? 0,
  };
}
