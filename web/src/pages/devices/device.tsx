import { EditOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import type { DeviceEventPage, DeviceSheet, WaveSheet } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, decimal, share } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { Plot, WaveCurves } from "@/parts/wave";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { DeviceForm } from "./device-form";
import { act, apiOf, KEY, type Page, TONES, type WaveView } from "./model";
import { Repairs } from "./repairs";
import "./devices.css";

const SHOWN = 60;
const FIGURES = ["comb_outer", "comb_inner", "comb_ball", "velocity_rms_mm_s", "velocity_1x_mm_s", "kurtosis"] as const;
const UNKNOWN = 1000;

/** One device: how it stands, its trend, its last wave with the lines of faults, its history. */
export default function Device() {
  const { t } = useTranslation("devices");
  const { code = "" } = useParams();
  const mayWrite = useMay("device.write");
  const [edits, setEdits] = useState(false);
  const found = useQuery({ queryKey: [...KEY, code], queryFn: ({ signal }) => ask<DeviceSheet>(apiOf(code), { signal }) });
  const waves = useQuery({
    queryKey: [...KEY, code, "waves"],
    queryFn: ({ signal }) => ask<Page<WaveView>>(`${apiOf(code)}/waves?limit=${SHOWN}`, { signal }),
  });
  const sheet = found.data;
  if (!sheet) {
    return (
      <>
        <PageHead back="/devices" />
        {found.error ? <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} /> : <Skeleton kind="card" />}
      </>
    );
  }
  const { device, state } = sheet.row;
  const rows = waves.data?.items ?? [];
  return (
    <>
      <PageHead
        back="/devices"
        title={device.name}
        state={<ToneTag tone={TONES[state] ?? "plain"}>{t(`states.${state}`)}</ToneTag>}
        fact={`${device.code} · ${t(`kinds.${device.kind}`, { defaultValue: device.kind || "—" })}`}
        actions={
          mayWrite && (
            <>
              <Reset code={code} />
              <Button type="primary" icon={<EditOutlined />} onClick={() => setEdits(true)}>
                {t("edit")}
              </Button>
            </>
          )
        }
      />
      <div className="devices-page">
        <Standing sheet={sheet} />
        <Trend sheet={sheet} rows={rows} />
        <LastWave code={code} row={rows[0]} />
        <Waves code={code} rows={rows} mayWrite={mayWrite} />
        <Spares sheet={sheet} />
        <Card title={t("views.repairs")} isFlush>
          <Repairs device={code} />
        </Card>
        <History code={code} />
      </div>
      <Peek title={t("edit")} isOpen={edits} onClose={() => setEdits(false)}>
        {edits && <DeviceForm device={device} mayWrite={mayWrite} onDone={() => setEdits(false)} />}
      </Peek>
    </>
  );
}

function Standing({ sheet }: { sheet: DeviceSheet }) {
  const { t } = useTranslation("devices");
  const { device, normals, since, heard } = sheet.row;
  const known = sheet.alarm_bound < UNKNOWN;
  const facts: [string, string][] = [
    ["heard", heard ? dated(heard) : t("never")],
    ["normals", t("normalsNote", { n: count(normals), since: dated(since) })],
    ["alarms", known ? t("alarmsNote", { bound: share(sheet.alarm_bound / UNKNOWN), judged: count(sheet.judged), alarms: count(sheet.alarms) }) : t("alarmsUnknown")],
    ["rpm", device.rpm ? count(device.rpm) : "—"],
    ["zones", device.zones ? t(`zones.${device.zones}`) : "—"],
    ["serial", device.serial || "—"],
    ["site", device.site || "—"],
    ["supplier", device.supplier || "—"],
    ["warranty", device.warranty_until ?? "—"],
  ];
  return (
    <Card title={t("standing")}>
      {sheet.row.state === "learning" && <p className="note">{t("learningNote", { n: count(sheet.enough) })}</p>}
      <dl className="devices-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Trend({ sheet, rows }: { sheet: DeviceSheet; rows: readonly WaveView[] }) {
  const { t } = useTranslation("devices");
  const [figure, setFigure] = useState<string>(FIGURES[0]);
  const values = rows.map((row) => row.figures[figure]).filter((value) => value !== undefined).reverse();
  const norms = Object.values(sheet.baseline.states ?? {}).map((one) => one.norms[figure]?.median);
  const normal = norms.find((one) => one !== undefined);
  return (
    <Card title={t("trend")} note={normal === undefined ? undefined : t("normalIs", { value: decimal(normal, 2) })}>
      <div className="devices-choice">
        <Segmented
          size="small"
          aria-label={t("figureLabel")}
          value={figure}
          options={FIGURES.map((one) => ({ value: one as string, label: t(`figures.${one}`) }))}
          onChange={setFigure}
        />
      </div>
      {values.length > 1 ? (
        <Plot title={t(`figures.${figure}`)} values={values} start={1} step={1} unit={t(`units.${figure}`, { defaultValue: "" })} across={t("waves")} limit={normal} />
      ) : (
        <p className="note">{t("emptyTrend")}</p>
      )}
    </Card>
  );
}

function LastWave({ code, row }: { code: string; row: WaveView | undefined }) {
  const { t } = useTranslation("devices");
  const found = useQuery({
    queryKey: [...KEY, code, "wave", row?.original],
    queryFn: ({ signal }) => ask<WaveSheet>(`${apiOf(code)}/waves/${row?.original}`, { signal }),
    enabled: row !== undefined,
  });
  if (!row) return <Card title={t("lastWave")}>{<p className="note">{t("emptyWaves")}</p>}</Card>;
  const series = found.data?.series ?? [];
  return (
    <Card title={t("lastWave")} note={dated(row.at)}>
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : series.length > 0 ? (
        <WaveCurves series={series} figures={row.figures} />
      ) : found.isLoading ? (
        <Skeleton kind="card" />
      ) : (
        <p className="note">{t("noCurves")}</p>
      )}
    </Card>
  );
}

function Waves({ code, rows, mayWrite }: { code: string; rows: readonly WaveView[]; mayWrite: boolean }) {
  const { t } = useTranslation("devices");
  const notice = useNotice();
  const judge = async (row: WaveView, normal: boolean) => {
    try {
      await act(code, `/waves/${row.original}`, { normal });
      notice.done(t(normal ? "countedIn" : "countedOut"));
    } catch (error) {
      notice.failed(error);
    }
  };
  const words = (row: WaveView) =>
    [...row.symptoms.map((one) => t(`symptoms.${one}`, { defaultValue: one })), ...row.reasons.map((one) => t(`reasons.${one}`, { defaultValue: one }))].join(t("and"));
  return (
    <Card title={t("waveList")} isFlush>
      <SmallTable
        caption={t("waveList")}
        rows={rows.slice(0, 20)}
        keyOf={(row) => row.original}
        empty={t("emptyWaves")}
        columns={[
          { key: "at", title: t("columns.at"), render: (row) => dated(row.at) },
          { key: "state", title: t("columns.state"), render: (row) => <ToneTag tone={TONES[row.state] ?? "plain"}>{t(`states.${row.state}`)}</ToneTag> },
          { key: "found", title: t("columns.found"), render: (row) => words(row) || "—" },
          { key: "velocity", title: t("figures.velocity_rms_mm_s"), isNumber: true, render: (row) => decimal(row.figures.velocity_rms_mm_s, 2) },
          { key: "rpm", title: t("columns.rpm"), isNumber: true, render: (row) => (row.rpm ? count(row.rpm) : "—") },
          {
            key: "normal",
            title: t("columns.normal"),
            render: (row) =>
              mayWrite ? (
                <Button size="small" onClick={() => void judge(row, row.normal !== true)}>
                  {t(row.normal === true ? "countOut" : "countIn")}
                </Button>
              ) : (
                t(row.normal === true ? "isNormal" : "notNormal")
              ),
          },
        ]}
      />
    </Card>
  );
}

function Spares({ sheet }: { sheet: DeviceSheet }) {
  const { t } = useTranslation("devices");
  const faults = new Map((sheet.row.device.parts ?? []).map((part) => [part.sku, part.fault ?? ""]));
  return (
    <Card title={t("parts")} isFlush>
      <SmallTable
        caption={t("parts")}
        rows={sheet.spares}
        keyOf={(row) => row.sku}
        empty={t("emptyParts")}
        columns={[
          { key: "sku", title: t("columns.sku"), render: (row) => `${row.title ?? ""} ${row.sku}`.trim() },
          { key: "fault", title: t("columns.fault"), render: (row) => t(`symptoms.${faults.get(row.sku)}`, { defaultValue: t("anyFault") }) },
          { key: "quantity", title: t("columns.quantity"), isNumber: true, render: (row) => count(row.quantity) },
          { key: "stocked", title: t("columns.stocked"), isNumber: true, render: (row) => count(row.stocked ?? 0) },
        ]}
      />
    </Card>
  );
}

function History({ code }: { code: string }) {
  const { t } = useTranslation("devices");
  const found = useQuery({
    queryKey: [...KEY, code, "events"],
    queryFn: ({ signal }) => ask<DeviceEventPage>(`${apiOf(code)}/events?limit=20`, { signal }),
  });
  return (
    <Card title={t("history")} isFlush>
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : (
        <SmallTable
          caption={t("history")}
          rows={found.data?.items ?? []}
          keyOf={(row) => row.id}
          empty={t("emptyHistory")}
          columns={[
            { key: "at", title: t("columns.at"), render: (row) => dated(row.at) },
            { key: "what", title: t("columns.what"), render: (row) => t(`actions.${row.what}`, { defaultValue: row.what }) },
            { key: "parts", title: t("parts"), render: (row) => row.parts.join(t("and")) || "—" },
            { key: "note", title: t("columns.note"), render: (row) => row.note || "—" },
            { key: "by", title: t("columns.by"), render: (row) => row.by },
          ]}
        />
      )}
    </Card>
  );
}

function Reset({ code }: { code: string }) {
  const { t } = useTranslation("devices");
  const notice = useNotice();
  const confirm = useConfirm();
  const reset = async () => {
    const sure = await confirm({ title: t("resetAsk"), text: t("resetMeans"), act: t("reset"), isDanger: true });
    if (!sure) return;
    try {
      await act(code, "/reset", { reason: t("resetReason") });
      notice.done(t("resetDone"));
    } catch (error) {
      notice.failed(error);
    }
  };
  return <Button onClick={() => void reset()}>{t("reset")}</Button>;
}
