import { AimOutlined, SaveOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Select, Upload } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { listDevicesOptions, listIntentsOptions } from "@/api/@tanstack/react-query.gen";
import { putGauge } from "@/api/sdk.gen";
import type { DeviceGauge, OriginalView } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { type Box, Region } from "./region";

interface Picture {
  src: string;
  width: number;
  height: number;
  original: string;
}

/** Send a picture as an original of the device, and read its size. */
async function send(file: File, device: string): Promise<Picture> {
  const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
  const sent = await ask<OriginalView>("/v1/originals?modality=gauge", {
    method: "POST",
    body: file,
    headers: {
      "Content-Type": file.type,
      "Danshu-Source": JSON.stringify({ via: "console", device }),
    },
  });
  return {
    src: URL.createObjectURL(file),
    width: drawn.width,
    height: drawn.height,
    original: sent.row.id,
  };
}

const FRESH: DeviceGauge = {
  device: "",
  code: "gauge",
  kind: "level",
  width: 0,
  height: 0,
  box: [0, 0, 0, 0],
  start_deg: 225,
  sweep_deg: 270,
  low: 0,
  high: 100_000,
  unit: "%",
  low_symptom: "",
  low_at: 30_000,
  high_symptom: "",
  high_at: 90_000,
};

/** 画一块表: the device's picture, the region, the scale, and from when on it is a symptom. */
export function GaugeForm() {
  const { t } = useTranslation("gauges");
  const devices = useQuery(listDevicesOptions({ query: { limit: 200 } }));
  const [gauge, setGauge] = useState(FRESH);
  const [picture, setPicture] = useState<Picture>();
  const put = (changes: Partial<DeviceGauge>) => setGauge((old) => ({ ...old, ...changes }));
  const load = useMutation({
    mutationFn: (file: File) => send(file, gauge.device),
    onSuccess: (sent) => {
      setPicture(sent);
      put({ width: sent.width, height: sent.height, box: [0, 0, 0, 0] });
    },
  });
  const save = useMutation({
    mutationFn: async () =>
      (await putGauge({ body: { gauge, original: picture?.original ?? "" } })).data,
    onSuccess: () => queries.invalidateQueries(),
  });
  const box = gauge.box as unknown as Box;
  const hasBox = box[2] >= 8 && box[3] >= 8;
  return (
    <Card title={t("draw")} note={t("drawNote")}>
      <div className="gauges-form">
        <Labelled label={t("device")}>
          <Select
            aria-label={t("device")}
            showSearch={{ optionFilterProp: "label" }}
            value={gauge.device || undefined}
            placeholder={t("pickDevice")}
            options={(devices.data?.items ?? []).map(({ device }) => ({
              value: device.code,
              label: `${device.name} ${device.code}`,
            }))}
            onChange={(device: string) => put({ device })}
          />
        </Labelled>
        <Labelled label={t("code")}>
          <Input
            aria-label={t("code")}
            maxLength={64}
            value={gauge.code}
            onChange={(event) => put({ code: event.target.value })}
          />
        </Labelled>
        <Labelled label={t("kind")}>
          <Select
            aria-label={t("kind")}
            value={gauge.kind}
            options={(["level", "dial"] as const).map((value) => ({ value, label: t(`kinds.${value}`) }))}
            onChange={(kind: DeviceGauge["kind"]) => put({ kind })}
          />
        </Labelled>
        <Upload
          accept="image/png,image/jpeg,image/webp,image/bmp"
          showUploadList={false}
          disabled={!gauge.device}
          beforeUpload={(file) => {
            load.mutate(file);
            return false;
          }}
        >
          <Button icon={<AimOutlined />} disabled={!gauge.device} loading={load.isPending}>
            {t("choosePicture")}
          </Button>
        </Upload>
      </div>
      {devices.data?.items.length === 0 && <p className="note">{t("noDevices")}</p>}
      {load.error && <ProblemNote problem={asProblem(load.error)} />}
      {picture && (
        <div className="gauges-desk">
          <Region {...picture} box={hasBox ? box : undefined} onBox={(next) => put({ box: [...next] })} />
          <div className="gauges-scale">
            <Corners box={box} onBox={(next) => put({ box: [...next] })} />
            <Scale gauge={gauge} onChange={put} />
            <Button
              type="primary"
              icon={<SaveOutlined />}
              disabled={!hasBox || !gauge.code}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              {t("save")}
            </Button>
            {save.error && <ProblemNote problem={asProblem(save.error)} />}
            {save.data && (
              <p role="status" className={save.data.value === null ? "gauges-none" : "gauges-read"}>
                {save.data.value === null
                  ? t("unreadable")
                  : t("reads", { value: save.data.value / 1000, unit: gauge.unit })}
              </p>
            )}
          </div>
        </div>
      )}
    </Card>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="gauges-field">
      <span>{label}</span>
      {children}
    </label>
  );
}

/** The region in numbers, for who draws by keyboard. */
function Corners({ box, onBox }: { box: Box; onBox: (box: Box) => void }) {
  const { t } = useTranslation("gauges");
  return (
    <div className="gauges-corners">
      {(["x", "y", "w", "h"] as const).map((name, at) => (
        <Labelled key={name} label={t(`corners.${name}`)}>
          <InputNumber
            aria-label={t(`corners.${name}`)}
            min={0}
            max={20_000}
            value={box[at] ?? 0}
            onChange={(value) =>
              onBox(box.map((old, no) => (no === at ? (value ?? 0) : old)) as unknown as Box)
            }
          />
        </Labelled>
      ))}
    </div>
  );
}

interface ScaleProps {
  gauge: DeviceGauge;
  onChange: (changes: Partial<DeviceGauge>) => void;
}

function Scale({ gauge, onChange }: ScaleProps) {
  const { t } = useTranslation("gauges");
  const graph = useQuery(listIntentsOptions());
  const symptoms = [
    { value: "", label: t("noSymptom") },
    ...(graph.data?.graph.symptoms ?? []).map((one) => ({
      value: one.code,
      label: byLocale(one.title ?? "", one.title_en ?? "") || one.code,
    })),
  ];
  const number = (name: "low" | "high" | "low_at" | "high_at") => (
    <Labelled label={t(name)}>
      <InputNumber
        aria-label={t(name)}
        value={(gauge[name] ?? 0) / 1000}
        onChange={(value) => onChange({ [name]: Math.round((value ?? 0) * 1000) })}
      />
    </Labelled>
  );
  const symptom = (name: "low_symptom" | "high_symptom") => (
    <Labelled label={t(name)}>
      <Select
        aria-label={t(name)}
        value={gauge[name] ?? ""}
        options={symptoms}
        onChange={(value: string) => onChange({ [name]: value })}
      />
    </Labelled>
  );
  const angle = (name: "start_deg" | "sweep_deg", least: number, most: number) => (
    <Labelled label={t(name)}>
      <InputNumber
        aria-label={t(name)}
        min={least}
        max={most}
        precision={0}
        value={gauge[name] ?? 0}
        onChange={(value) => onChange({ [name]: value ?? least })}
      />
    </Labelled>
  );
  return (
    <div className="gauges-form">
      {number("low")}
      {number("high")}
      <Labelled label={t("unit")}>
        <Input
          aria-label={t("unit")}
          maxLength={16}
          value={gauge.unit}
          onChange={(event) => onChange({ unit: event.target.value })}
        />
      </Labelled>
      {gauge.kind === "dial" && angle("start_deg", 0, 359)}
      {gauge.kind === "dial" && angle("sweep_deg", 10, 350)}
      {symptom("low_symptom")}
      {gauge.low_symptom && number("low_at")}
      {symptom("high_symptom")}
      {gauge.high_symptom && number("high_at")}
    </div>
  );
}
