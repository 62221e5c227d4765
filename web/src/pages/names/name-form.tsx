import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNotice } from "@/parts/notice";
import { type Alias, type DirectoryEntry, type Kind, nameOf, type Option, type Contact, type ImpliedRule, put, type Row, type SkuUnit } from "./names";

const CODE_MAX = 64;
const NAME_MAX = 200;
const UNIT_MAX = 16;
const ALLERGENS_MAX = 14;
const CALLED = ["sku", "store", "customer", "supplier", "option", "device"] as const;
const STORAGES = ["chilled", "frozen", "licensed", "dangerous"] as const;
const WHEN = ["goods", "said", "sku", "option"] as const;
const REQUIRES = ["cold_2_8", "frozen", "fragile", "dangerous", "prescription", "licensed", "invoice"] as const;
const PLACE = ["name", "phone", "province", "city", "district", "detail"] as const;

type Values = Record<string, string | number | boolean | string[] | undefined>;

interface Props {
  kind: Kind;
  row: Row | null;
  mayWrite: boolean;
  onDone: () => void;
}

/** One row in full, to be read and changed; the old values are offered back. */
export function NameForm({ kind, row, mayWrite, onDone }: Props) {
  const { t } = useTranslation("names");
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);

  async function submit(values: Values) {
    setBusy(true);
    const made = toRow(kind, values, row);
    try {
      await put(kind, made);
      notice.done(t("saved", { name: nameOf(made) }), row ? { undo: () => put(kind, row).catch(notice.failed) } : {});
      onDone();
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form
      layout="vertical"
      disabled={!mayWrite}
      initialValues={row ? toValues(row) : { kind: kind === "directory" ? "store" : "sku", when: "goods", active: true }}
      onFinish={(values: Values) => void submit(values)}
    >
      <Fields kind={kind} isNew={row === null} />
      {mayWrite && (
        <Button type="primary" htmlType="submit" loading={isBusy}>
          {t(row ? "save" : "add")}
        </Button>
      )}
    </Form>
  );
}

function Fields({ kind, isNew }: { kind: Kind; isNew: boolean }) {
  const { t } = useTranslation("names");
  const needed = [{ required: true, whitespace: true, message: t("needed") }];
  const text = (name: string, max: number, isKey = false, isNeeded = true) => (
    <Form.Item name={name} label={t(`columns.${name}`)} rules={isNeeded ? needed : []}>
      <Input maxLength={max} disabled={isKey && !isNew} />
    </Form.Item>
  );
  const choice = (name: string, values: readonly string[], words: string, isKey = false) => (
    <Form.Item name={name} label={t(`columns.${name}`)}>
      <Select disabled={isKey && !isNew} allowClear={!isKey} options={values.map((value) => ({ value, label: t(`${words}.${value}`) }))} />
    </Form.Item>
  );
  const active = (
    <Form.Item name="active" label={t("columns.state")} valuePropName="checked">
      <Switch checkedChildren={t("on")} unCheckedChildren={t("off")} />
    </Form.Item>
  );
  switch (kind) {
    case "directory":
      return (
        <>
          {choice("kind", ["store", "customer", "supplier"], "called", true)}
          {text("code", CODE_MAX, true)}
          {text("name", NAME_MAX)}
          {text("warehouse", CODE_MAX, false, false)}
          {PLACE.map((part) => (
            <Form.Item key={part} name={`at_${part}`} label={t(`place.${part}`)}>
              <Input maxLength={part === "detail" ? 500 : CODE_MAX} />
            </Form.Item>
          ))}
          {active}
        </>
      );
    case "options":
      return (
        <>
          {text("code", CODE_MAX, true)}
          {text("name", NAME_MAX)}
          {text("sku", CODE_MAX, false, false)}
          <Form.Item name="price" label={t("columns.price")}>
            <InputNumber min={0} precision={2} suffix={t("yuan")} />
          </Form.Item>
          {choice("storage", STORAGES, "storage")}
          <Form.Item name="allergens" label={t("columns.allergens")}>
            <Select mode="tags" maxCount={ALLERGENS_MAX} open={false} suffixIcon={null} />
          </Form.Item>
          {active}
        </>
      );
    case "units":
      return (
        <>
          {text("sku", CODE_MAX, true)}
          {text("unit", UNIT_MAX, true)}
          <Form.Item name="units" label={t("columns.units")} rules={[{ required: true, message: t("needed") }]}>
            <InputNumber min={1} precision={0} />
          </Form.Item>
        </>
      );
    case "rules":
      return (
        <>
          {text("code", CODE_MAX, true)}
          {choice("when", WHEN, "when")}
          {text("match", CODE_MAX)}
          {choice("requires", REQUIRES, "requires")}
          {text("title", NAME_MAX, false, false)}
          {text("source_text", NAME_MAX, false, false)}
          {text("verified_by", CODE_MAX, false, false)}
          {active}
        </>
      );
    default:
      return (
        <>
          {text("alias", NAME_MAX, true)}
          {choice("kind", CALLED, "called", true)}
          {text("code", CODE_MAX, true)}
          {text("scope", CODE_MAX, true, false)}
          {active}
        </>
      );
  }
}

/** A row in the units that people write. */
function toValues(row: Row): Values {
  if ("address" in row && row.address) {
    const place = Object.fromEntries(Object.entries(row.address).map(([part, value]) => [`at_${part}`, value]));
    return { ...flat(row), ...place } as Values;
  }
  if ("when" in row) return { ...flat(row), source_text: row.source ?? "" } as Values;
  if ("price_fen" in row) return { ...flat(row), price: (row.price_fen ?? 0) / 100 } as Values;
  return flat(row);
}

const flat = (row: Row) => ({ ...row }) as unknown as Values;

/** What was filled in, in the units of the hub. */
function toRow(kind: Kind, values: Values, row: Row | null): Row {
  const all: Values = { ...(row ? flat(row) : {}), ...values };
  const text = (name: string) => String(all[name] ?? "").trim();
  const active = all.active !== false;
  switch (kind) {
    case "directory": {
      const address = Object.fromEntries(PLACE.map((part) => [part, text(`at_${part}`)])) as Contact;
      const made: DirectoryEntry = {
        kind: text("kind") as DirectoryEntry["kind"],
        code: text("code"),
        name: text("name"),
        warehouse: text("warehouse"),
        address,
        active,
      };
      return made;
    }
    case "options": {
      const made: Option = {
        code: text("code"),
        name: text("name"),
        sku: text("sku"),
        price_fen: Math.round(Number(all.price ?? 0) * 100),
        storage: text("storage") as NonNullable<Option["storage"]>,
        allergens: (all.allergens as string[] | undefined) ?? [],
        active,
      };
      return made;
    }
    case "units": {
      const made: SkuUnit = { sku: text("sku"), unit: text("unit"), units: Number(all.units) };
      return made;
    }
    case "rules": {
      const made: ImpliedRule = {
        code: text("code"),
        when: text("when") as ImpliedRule["when"],
        match: text("match"),
        requires: text("requires"),
        title: text("title"),
        source: text("source_text"),
        verified_by: text("verified_by"),
        active,
      };
      return made as Row;
    }
    default: {
      const made: Alias = {
        kind: text("kind") as Alias["kind"],
        scope: text("scope"),
        alias: text("alias"),
        code: text("code"),
        source: row && "alias" in row ? (row.source ?? "hand") : "hand",
        active,
      };
      return made;
    }
  }
}
