import { MinusCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { NetworkKept, NetworkSettings } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY } from "./words";

interface Field {
  name: keyof NetworkSettings;
  min: number;
  max: number;
  /** How many of what is stored make one of what is shown: 10 of a percent, 100 of ¥. */
  scale?: number;
  unit?: string;
}

const GROUPS: Readonly<Record<string, readonly Field[]>> = {
  service: [
    { name: "service_a", min: 500, max: 999, scale: 10, unit: "%" },
    { name: "service_b", min: 500, max: 999, scale: 10, unit: "%" },
    { name: "service_c", min: 500, max: 999, scale: 10, unit: "%" },
    { name: "share_a", min: 0, max: 1_000, scale: 10, unit: "%" },
    { name: "share_b", min: 0, max: 1_000, scale: 10, unit: "%" },
  ],
  times: [
    { name: "review_days", min: 1, max: 28 },
    { name: "horizon_days", min: 3, max: 28 },
    { name: "supplier_days", min: 0, max: 120 },
    { name: "supplier_deviation_days", min: 0, max: 120 },
    { name: "speed_km_day", min: 50, max: 2_000 },
    { name: "lane_deviation_days", min: 0, max: 120 },
  ],
  costs: [
    { name: "short_share", min: 0, max: 1_000, scale: 10, unit: "%" },
    { name: "holding_share", min: 0, max: 1_000, scale: 10, unit: "%" },
    { name: "write_down_share", min: 0, max: 1_000, scale: 10, unit: "%" },
    { name: "handling_fen", min: 0, max: 1_000_000_000, scale: 100, unit: "¥" },
    { name: "aging_days", min: 28, max: 720 },
    { name: "slow_cover_days", min: 28, max: 1_080 },
    { name: "elasticity", min: 1_000, max: 10_000, scale: 1_000 },
    { name: "lot", min: 1, max: 100_000 },
    { name: "litres_per_kg", min: 1, max: 100 },
  ],
};
const SCALES = new Map(
  Object.values(GROUPS)
    .flat()
    .map((one) => [one.name as string, one.scale ?? 1]),
);
const TRUCK = ["weight_kg", "volume_l", "fixed_fen", "km_fen"] as const;

/** 参数: service levels, lead times, trucks and costs; the next plan goes by them. */
export function Settings({ warehouses }: { warehouses: readonly string[] }) {
  const { t } = useTranslation("network");
  const mayWrite = useMay("network.write");
  const found = useQuery({
    queryKey: [...KEY, "settings"],
    queryFn: ({ signal }) => fetchJson<NetworkKept>("/v1/network/settings", { signal }),
  });
  if (found.error) return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton kind="card" rows={8} />;
  return (
    <>
      <p className="note">{t(found.data.version ? "setVersion" : "setNever", { n: found.data.version })}</p>
      <Editor key={found.data.version} kept={found.data} warehouses={warehouses} mayWrite={mayWrite} />
    </>
  );
}

type Values = Record<string, unknown>;

/** The settings as the form shows them: percents and ¥. */
function toForm(settings: NetworkSettings): Values {
  const values: Values = { ...settings };
  for (const [name, scale] of SCALES) values[name] = Number(values[name]) / scale;
  values["trucks"] = (settings.trucks ?? []).map((one) => ({
    ...one,
    fixed_fen: one.fixed_fen / 100,
    km_fen: one.km_fen / 100,
  }));
  values["skus"] = (settings.skus ?? []).map((one) => ({ ...one, service: one.service / 10 }));
  return values;
}

function fromForm(values: Values): NetworkSettings {
  const found: Values = { ...values };
  for (const [name, scale] of SCALES) found[name] = Math.round(Number(found[name]) * scale);
  const list = (name: string) => (found[name] ?? []) as Values[];
  found["trucks"] = list("trucks").map((one) => ({
    ...one,
    fixed_fen: Math.round(Number(one["fixed_fen"]) * 100),
    km_fen: Math.round(Number(one["km_fen"]) * 100),
  }));
  found["skus"] = list("skus").map((one) => ({
    ...one,
    service: Math.round(Number(one["service"]) * 10),
    lot: Number(one["lot"] ?? 0),
    season_days: Number(one["season_days"] ?? 0),
  }));
  found["suppliers"] = list("suppliers").map((one) => ({ ...one, warehouse: one["warehouse"] ?? "" }));
  return found as NetworkSettings;
}

function Editor({ kept, warehouses, mayWrite }: {
  kept: NetworkKept;
  warehouses: readonly string[];
  mayWrite: boolean;
}) {
  const { t } = useTranslation("network");
  const { done, failed } = useNotice();
  const save = async (values: Values) => {
    try {
      const json: NetworkKept = { version: kept.version, settings: fromForm({ ...toForm(kept.settings), ...values }) };
      const now = await fetchJson<NetworkKept>("/v1/network/settings", { method: "PUT", json });
      queries.setQueryData([...KEY, "settings"], now);
      done(t("saved"));
    } catch (error) {
      failed(error);
    }
  };
  const places = warehouses.map((code) => ({ value: code, label: code }));
  return (
    <Form<Values>
      layout="vertical"
      initialValues={toForm(kept.settings)}
      disabled={!mayWrite}
      onFinish={(values) => void save(values)}
      className="network-list"
    >
      {Object.entries(GROUPS).map(([group, fields]) => (
        <Card key={group} title={t(`groups.${group}`)}>
          {group === "service" && (
            <Form.Item name="measure" label={t("settings.measure")}>
              <Segmented
                options={(["cycle", "fill"] as const).map((one) => ({ value: one, label: t(`measures.${one}`) }))}
              />
            </Form.Item>
          )}
          <div className="network-form">
            {fields.map((one) => (
              <Whole key={one.name} field={one} />
            ))}
          </div>
        </Card>
      ))}
      <Card title={t("groups.trucks")}>
        <Lines name="trucks" add={{ code: "", title: "", weight_kg: 1_000, volume_l: 4_000, fixed_fen: 0, km_fen: 0 }}>
          {(at) => (
            <>
              <Text at={at} name="code" label={t("settings.truckCode")} isNeeded />
              <Text at={at} name="title" label={t("settings.truckTitle")} />
              {TRUCK.map((name) => (
                <Amount key={name} at={at} name={name} label={t(`settings.${name}`)} />
              ))}
            </>
          )}
        </Lines>
      </Card>
      <Card title={t("groups.exceptions")} note={t("exceptionsNote")}>
        <h3 className="network-h3">{t("groups.lanes")}</h3>
        <Lines name="lanes" add={{ days: 3, deviation_days: 1 }}>
          {(at) => (
            <>
              <Place at={at} name="from_warehouse" label={t("columns.from")} options={places} />
              <Place at={at} name="to_warehouse" label={t("columns.to")} options={places} />
              <Amount at={at} name="days" label={t("columns.days")} />
              <Amount at={at} name="deviation_days" label={t("settings.deviation")} />
            </>
          )}
        </Lines>
        <h3 className="network-h3">{t("groups.suppliers")}</h3>
        <Lines name="suppliers" add={{ days: 10, deviation_days: 3 }}>
          {(at) => (
            <>
              <Place at={at} name="warehouse" label={t("columns.warehouse")} options={places} />
              <Amount at={at} name="days" label={t("columns.days")} />
              <Amount at={at} name="deviation_days" label={t("settings.deviation")} />
            </>
          )}
        </Lines>
        <h3 className="network-h3">{t("groups.skus")}</h3>
        <Lines name="skus" add={{ sku: "", service: 95, lot: 0, season_days: 0 }}>
          {(at) => (
            <>
              <Text at={at} name="sku" label={t("skuCode")} isNeeded />
              <Amount at={at} name="service" label={t("settings.ownService")} />
              <Amount at={at} name="lot" label={t("settings.ownLot")} />
              <Amount at={at} name="season_days" label={t("settings.season")} />
            </>
          )}
        </Lines>
      </Card>
      {mayWrite && (
        <div className="network-acts">
          <Button htmlType="submit">{t("save")}</Button>
        </div>
      )}
    </Form>
  );
}

function Whole({ field }: { field: Field }) {
  const { t } = useTranslation("network");
  const scale = field.scale ?? 1;
  return (
    <Form.Item name={field.name} label={t(`settings.${field.name}`)} rules={[{ required: true, message: t("needed") }]}>
      <InputNumber
        min={field.min / scale}
        max={field.max / scale}
        precision={scale === 1 ? 0 : scale === 10 ? 1 : 2}
        {...(field.unit === "¥" ? { prefix: "¥" } : field.unit ? { suffix: field.unit } : {})}
      />
    </Form.Item>
  );
}

/** Lines that can be added and taken away. */
function Lines({ name, add, children }: {
  name: string;
  add: Values;
  children: (at: number) => React.ReactNode;
}) {
  const { t } = useTranslation("network");
  return (
    <Form.List name={name}>
      {(fields, acts) => (
        <>
          {fields.map((field) => (
            <div key={field.key} className="network-line">
              {children(field.name)}
              <Button
                type="text"
                icon={<MinusCircleOutlined />}
                aria-label={t("takeAway", { n: field.name + 1 })}
                onClick={() => acts.remove(field.name)}
              />
            </div>
          ))}
          <Button size="small" onClick={() => acts.add(add)}>
            {t("add")}
          </Button>
        </>
      )}
    </Form.List>
  );
}

interface Cell {
  at: number;
  name: string;
  label: string;
}

function Text({ at, name, label, isNeeded }: Cell & { isNeeded?: boolean }) {
  const { t } = useTranslation("network");
  return (
    <Form.Item name={[at, name]} label={label} rules={isNeeded ? [{ required: true, message: t("needed") }] : []}>
      <Input maxLength={64} />
    </Form.Item>
  );
}

function Amount({ at, name, label }: Cell) {
  const { t } = useTranslation("network");
  return (
    <Form.Item name={[at, name]} label={label} rules={[{ required: true, message: t("needed") }]}>
      <InputNumber min={0} />
    </Form.Item>
  );
}

function Place({ at, name, label, options }: Cell & { options: { value: string; label: string }[] }) {
  return (
    <Form.Item name={[at, name]} label={label}>
      <Select allowClear={name === "warehouse"} options={options} popupMatchSelectWidth={160} />
    </Form.Item>
  );
}
