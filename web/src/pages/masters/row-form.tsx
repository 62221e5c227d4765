import { Button, Checkbox, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNotice } from "@/parts/notice";
import { clockWords } from "./columns";
import {
  type Kind,
  type Lane,
  type NewRow,
  type Region,
  type Row,
  save,
  type Sku,
  type Warehouse,
} from "./masters";

const BITS = [1, 2, 4, 8, 16] as const;
const MICRO = 1_000_000;
const CODE_MAX = 64;
const NAME_MAX = 200;

/** What tells rows apart is not changed: it would be another row. */
const KEYS: Record<Kind, readonly string[]> = {
  skus: ["code"],
  warehouses: ["code"],
  regions: ["code"],
  lanes: ["warehouse", "region"],
};

/** The fields of a kind as people fill them in: yuan, kilograms, degrees, hours. */
type Values = Record<string, string | number | number[] | undefined>;

interface Props {
  kind: Kind;
  row: Row | null;
  mayWrite: boolean;
  onDone: () => void;
}

/** One row in full, to be read and changed; the old values are offered back. */
export function RowForm({ kind, row, mayWrite, onDone }: Props) {
  const { t } = useTranslation(["masters", "common"]);
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);

  async function submit(values: Values) {
    setBusy(true);
    const made = toRow(kind, values, row);
    try {
      await save(kind, made);
      const name = "code" in made ? made.code : `${made.warehouse} → ${made.region}`;
      notice.done(
        t(row ? "saved" : "added", { name }),
        row ? { undo: () => save(kind, row as NewRow).catch(notice.failed) } : {},
      );
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
      initialValues={row ? toValues(kind, row) : DEFAULTS[kind]}
      onFinish={(values: Values) => void submit(values)}
      className="masters-form"
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
  const { t } = useTranslation(["masters", "stock"]);
  const needed = [{ required: true, whitespace: true, message: t("needed") }];
  const neededNumber = [{ required: true, message: t("needed") }];
  const text = (name: string, max: number, more: object = {}) => (
    <Form.Item name={name} label={t(`columns.${name}`)} {...more}>
      <Input maxLength={max} {...(isNew || !KEYS[kind].includes(name) ? {} : { disabled: true })} />
    </Form.Item>
  );
  const number = (name: string, unit: string, precision: number, min = 0, more: object = {}) => (
    <Form.Item name={name} label={`${t(`columns.${name}`)} (${unit})`} {...more}>
      <InputNumber min={min} precision={precision} />
    </Form.Item>
  );
  const storages = BITS.map((bit) => ({ value: bit, label: t(`stock:storage.${bit}`) }));
  const place = (
    <>
      {number("lng", "°", 6, -180)}
      {number("lat", "°", 6, -90)}
    </>
  );
  switch (kind) {
    case "skus":
      return (
        <>
          {text("code", CODE_MAX, { rules: needed })}
          {text("name", NAME_MAX, { rules: needed })}
          {number("weight", "kg", 3, 0, { rules: neededNumber })}
          <Form.Item name="storage" label={t("columns.storage")}>
            <Select options={storages} />
          </Form.Item>
          {number("price", t("units.yuan"), 2)}
          {text("barcode", CODE_MAX)}
        </>
      );
    case "warehouses":
      return (
        <>
          {text("code", CODE_MAX, { rules: needed })}
          {text("name", NAME_MAX, { rules: needed })}
          {text("region", CODE_MAX, { rules: needed })}
          {place}
          <Form.Item name="storages" label={t("columns.storages")}>
            <Checkbox.Group options={storages} />
          </Form.Item>
          {number("capacity", t("units.aDay"), 0)}
          <Form.Item
            name="cutoff"
            label={t("columns.cutoff")}
            rules={[{ pattern: /^([01]\d|2[0-4]):[0-5]\d$/, message: t("clockForm") }]}
          >
            <Input maxLength={5} />
          </Form.Item>
          {text("calendar", CODE_MAX)}
          <Form.Item name="kind" label={t("columns.kind")}>
            <Select
              options={BUILDINGS.map((value) => ({ value, label: t(`building.${value}`) }))}
            />
          </Form.Item>
        </>
      );
    case "regions":
      return (
        <>
          {text("code", CODE_MAX, { rules: needed })}
          {text("name", NAME_MAX, { rules: needed })}
          {text("province", CODE_MAX)}
          {place}
        </>
      );
    default:
      return (
        <>
          {text("warehouse", CODE_MAX, { rules: needed })}
          {text("region", CODE_MAX, { rules: needed })}
          {number("transit", t("units.hours"), 2, 0, { rules: neededNumber })}
          {number("spread", t("units.hours"), 2, 0, { rules: neededNumber })}
          {number("first", t("units.yuan"), 2, 0, { rules: neededNumber })}
          {number("extra", t("units.yuan"), 2, 0, { rules: neededNumber })}
          {text("carrier", CODE_MAX)}
        </>
      );
  }
}

const BUILDINGS = ["ground", "elevated", "underground", "store"] as const;
type Building = (typeof BUILDINGS)[number];

const DEFAULTS: Record<Kind, Values> = {
  skus: { storage: 1 },
  warehouses: { storages: [1], capacity: 20_000, cutoff: "18:00", calendar: "cn-everyday", kind: "ground" },
  regions: {},
  lanes: { spread: 0 },
};

/** A row in the units that people write. */
function toValues(kind: Kind, row: Row): Values {
  switch (kind) {
    case "skus": {
      const r = row as Sku;
      return { ...r, weight: r.weight_g / 1000, price: (r.price_fen ?? 0) / 100 };
    }
    case "warehouses": {
      const r = row as Warehouse;
      return {
        ...r,
        lng: r.lng_udeg / MICRO,
        lat: r.lat_udeg / MICRO,
        storages: BITS.filter((bit) => (r.storage_bits ?? 1) & bit),
        capacity: r.capacity_units,
        cutoff: clockWords(r.cutoff_min ?? 0),
      };
    }
    case "regions": {
      const r = row as Region;
      return { ...r, lng: (r.lng_udeg ?? 0) / MICRO, lat: (r.lat_udeg ?? 0) / MICRO };
    }
    default: {
      const r = row as Lane;
      return {
        ...r,
        transit: r.transit_min / 60,
        spread: r.sd_min / 60,
        first: r.first_kg_fen / 100,
        extra: r.extra_kg_fen / 100,
      };
    }
  }
}

/** What was filled in, in the units of the hub. */
function toRow(kind: Kind, values: Values, row: Row | null): NewRow {
  const text = (name: string) => String(values[name] ?? "").trim();
  const scaled = (name: string, times: number) => Math.round(Number(values[name] ?? 0) * times);
  const place = { lng_udeg: scaled("lng", MICRO), lat_udeg: scaled("lat", MICRO) };
  const code = row && "code" in row ? row.code : text("code");
  switch (kind) {
    case "skus":
      return {
        code,
        name: text("name"),
        weight_g: scaled("weight", 1000),
        storage: Number(values.storage ?? 1) as 1,
        price_fen: scaled("price", 100),
        barcode: text("barcode"),
      };
    case "warehouses": {
      const [hours = 0, minutes = 0] = text("cutoff").split(":").map(Number);
      const bits = (values.storages as number[] | undefined) ?? [];
      return {
        code,
        name: text("name"),
        region: text("region"),
        ...place,
        storage_bits: bits.reduce((all, bit) => all | bit, 0) || 1,
        capacity_units: scaled("capacity", 1),
        cutoff_min: hours * 60 + minutes,
        calendar: text("calendar") || "cn-everyday",
        kind: (values.kind ?? "ground") as Building,
      };
    }
    case "regions":
      return { code, name: text("name"), province: text("province"), ...place };
    default:
      return {
        warehouse: text("warehouse"),
        region: text("region"),
        transit_min: scaled("transit", 60),
        sd_min: scaled("spread", 60),
        first_kg_fen: scaled("first", 100),
        extra_kg_fen: scaled("extra", 100),
        carrier: text("carrier"),
      };
  }
}
