import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ask } from "@/client";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { DeviceForm } from "./device-form";
import { type DeviceView, KEY, type Page, pathOf, STATES, TONES } from "./model";
import { Repairs } from "./repairs";
import "./devices.css";

/** 设备档案: devices, whoever needs somebody first; and the repairs ordered for them. */
export default function Devices() {
  const { t } = useTranslation("devices");
  const { asked, ask: go } = useAsked();
  const mayWrite = useMay("device.write");
  const [isNew, setNew] = useState(false);
  const view = asked("view") === "repairs" ? "repairs" : "devices";
  return (
    <>
      <PageHead
        fact={t(`fact.${view}`)}
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setNew(true)}>
              {t("new")}
            </Button>
          )
        }
      />
      <div className="devices-bar">
        <Segmented
          aria-label={t("viewLabel")}
          value={view}
          options={["devices", "repairs"].map((one) => ({ value: one, label: t(`views.${one}`) }))}
          onChange={(value) => go({ view: value === "repairs" ? value : "", q: "", state: "" })}
        />
        {view === "devices" && (
          <>
            <Select
              aria-label={t("columns.state")}
              value={asked("state")}
              options={[{ value: "", label: t("anyState") }, ...STATES.map((one) => ({ value: one as string, label: t(`states.${one}`) }))]}
              onChange={(state) => go({ state })}
            />
            <Input.Search
              key={asked("q")}
              allowClear
              defaultValue={asked("q")}
              placeholder={t("search")}
              aria-label={t("search")}
              onSearch={(value) => go({ q: value.trim() })}
            />
          </>
        )}
      </div>
      {view === "devices" ? <List q={asked("q")} state={asked("state")} /> : <Repairs device="" />}
      <Peek title={t("new")} isOpen={isNew} onClose={() => setNew(false)}>
        {isNew && <DeviceForm device={null} mayWrite={mayWrite} onDone={() => setNew(false)} />}
      </Peek>
    </>
  );
}

function List({ q, state }: { q: string; state: string }) {
  const { t } = useTranslation("devices");
  const go = useNavigate();
  const list = useKeyset<DeviceView, Page<DeviceView>>({
    queryKey: [...KEY, "list", q, state],
    fetch: (cursor, signal) => ask(`/v1/devices?${query({ limit: 200, cursor, q, state })}`, { signal }),
  });
  const plain = (key: string, width: number, text: (row: DeviceView) => string): Column<DeviceView> => ({
    key,
    title: t(`columns.${key}`),
    width,
    text,
    render: text,
  });
  const columns: Column<DeviceView>[] = [
    { ...plain("name", 200, (row) => row.device.name), fixed: true },
    {
      ...plain("state", 110, (row) => t(`states.${row.state}`)),
      render: (row) => <ToneTag tone={TONES[row.state] ?? "plain"}>{t(`states.${row.state}`)}</ToneTag>,
    },
    plain("code", 130, (row) => row.device.code),
    plain("kind", 120, (row) => t(`kinds.${row.device.kind}`, { defaultValue: row.device.kind || "—" })),
    plain("site", 130, (row) => row.device.site || "—"),
    plain("supplier", 130, (row) => row.device.supplier || "—"),
    plain("heard", 150, (row) => (row.heard ? dated(row.heard) : t("never"))),
    plain("normals", 120, (row) => String(row.normals)),
    plain("warranty", 130, (row) => row.device.warranty_until ?? "—"),
  ];
  return (
    <LedgerTable
      caption={t("views.devices")}
      columns={columns}
      rows={list.rows}
      keyOf={(row) => row.device.code}
      nameOf={(row) => row.device.name}
      onOpen={(row) => void go(pathOf(row.device.code))}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      isWaiting={list.isWaiting}
      problem={list.problem}
      onRetry={list.onRetry}
      empty={q || state ? t("emptyFound") : t("empty")}
    />
  );
}
