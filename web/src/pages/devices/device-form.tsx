import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNotice } from "@/parts/notice";
import { type NewDevice, put, ZONES } from "./model";

const CODE_MAX = 64;
const NAME_MAX = 200;
const KINDS = ["spindle", "motor", "air_compressor", "transformer", "hydraulic_station", "cold_unit", "agv"] as const;
const FAULTS = ["outer_race_fault", "inner_race_fault", "unbalance", "vibration_high"] as const;

type Values = Omit<NewDevice, "bearing"> & { bearing?: Partial<NonNullable<NewDevice["bearing"]>> };

interface Props {
  device: NewDevice | null;
  mayWrite: boolean;
  onDone: () => void;
}

/** A device in full, to be read and changed; the old values are offered back. */
export function DeviceForm({ device, mayWrite, onDone }: Props) {
  const { t } = useTranslation("devices");
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);

  async function submit(values: Values) {
    setBusy(true);
    const made = toDevice(values, device);
    try {
      await put(made);
      notice.done(t("saved", { name: made.name }), device ? { undo: () => put(device).catch(notice.failed) } : {});
      onDone();
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy(false);
    }
  }

  const needed = [{ required: true, whitespace: true, message: t("needed") }];
  const text = (name: string, max: number, rules: typeof needed = []) => (
    <Form.Item name={name} label={t(`columns.${name}`)} rules={rules}>
      <Input maxLength={max} />
    </Form.Item>
  );
  return (
    <Form
      layout="vertical"
      disabled={!mayWrite}
      initialValues={device ?? { active: true, parts: [] }}
      onFinish={(values: Values) => void submit(values)}
    >
      <Form.Item name="code" label={t("columns.code")} rules={needed}>
        <Input maxLength={CODE_MAX} disabled={device !== null} />
      </Form.Item>
      {text("name", NAME_MAX, needed)}
      <Form.Item name="kind" label={t("columns.kind")}>
        <Select allowClear options={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))} />
      </Form.Item>
      {text("device_class", CODE_MAX)}
      {text("site", CODE_MAX)}
      {text("supplier", CODE_MAX)}
      {text("serial", CODE_MAX)}
      <Form.Item name="rpm" label={t("columns.rpm")}>
        <InputNumber min={0} max={60_000} precision={0} />
      </Form.Item>
      <Form.Item name="zones" label={t("columns.zones")}>
        <Select allowClear options={ZONES.map((value) => ({ value, label: t(`zones.${value}`) }))} />
      </Form.Item>
      <fieldset className="devices-bearing">
        <legend>{t("bearing")}</legend>
        {(["rollers", "d", "D", "angle"] as const).map((name) => (
          <Form.Item key={name} name={["bearing", name]} label={t(`geometry.${name}`)}>
            <InputNumber min={0} {...(name === "rollers" ? { precision: 0 } : {})} />
          </Form.Item>
        ))}
      </fieldset>
      <Form.Item name="warranty_until" label={t("columns.warranty")} rules={[{ pattern: /^\d{4}-\d{2}-\d{2}$/, message: t("dayForm") }]}>
        <Input placeholder="2027-06-30" maxLength={10} />
      </Form.Item>
      <Form.List name="parts">
        {(fields, { add, remove }) => (
          <fieldset className="devices-parts">
            <legend>{t("parts")}</legend>
            {fields.map((field) => (
              <div key={field.key} className="devices-part">
                <Form.Item name={[field.name, "sku"]} label={t("columns.sku")} rules={needed}>
                  <Input maxLength={CODE_MAX} />
                </Form.Item>
                <Form.Item name={[field.name, "quantity"]} label={t("columns.quantity")} initialValue={1}>
                  <InputNumber min={1} max={10_000} precision={0} />
                </Form.Item>
                <Form.Item name={[field.name, "fault"]} label={t("columns.fault")}>
                  <Select allowClear options={FAULTS.map((value) => ({ value, label: t(`symptoms.${value}`) }))} />
                </Form.Item>
                <Button onClick={() => remove(field.name)}>{t("removePart")}</Button>
              </div>
            ))}
            <Button onClick={() => add({ quantity: 1 })}>{t("addPart")}</Button>
          </fieldset>
        )}
      </Form.List>
      <Form.Item name="active" label={t("columns.active")} valuePropName="checked">
        <Switch checkedChildren={t("on")} unCheckedChildren={t("off")} />
      </Form.Item>
      {mayWrite && (
        <Button type="primary" htmlType="submit" loading={isBusy}>
          {t(device ? "save" : "add")}
        </Button>
      )}
    </Form>
  );
}

/** What was filled in; a bearing needs all of its three figures. */
function toDevice(values: Values, device: NewDevice | null): NewDevice {
  const told = values.bearing ?? {};
  const whole = told.rollers && told.d && told.D;
  const text = (value: string | undefined) => (value ?? "").trim();
  return {
    ...(device ?? {}),
    code: text(values.code ?? device?.code),
    name: text(values.name),
    kind: text(values.kind),
    device_class: text(values.device_class),
    site: text(values.site),
    supplier: text(values.supplier),
    serial: text(values.serial),
    rpm: values.rpm ?? 0,
    zones: values.zones ?? "",
    bearing: whole
      ? { ratio: device?.bearing?.ratio ?? 1, rollers: told.rollers!, d: told.d!, D: told.D!, angle: told.angle ?? 0 }
      : null,
    warranty_until: values.warranty_until || null,
    parts: (values.parts ?? []).map((part) => ({ ...part, sku: text(part.sku), fault: part.fault ?? "" })),
    active: values.active !== false,
  };
}
