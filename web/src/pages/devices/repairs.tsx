import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask } from "@/client";
import { dated, money } from "@/format";
import { useConfirm } from "@/parts/confirm";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, type Page, pathOf, REPAIR_TONES, type RepairView } from "./model";

/** 维修工单, the newest first; of one device or of all. */
export function Repairs({ device }: { device: string }) {
  const { t } = useTranslation("devices");
  const list = useKeyset<RepairView, Page<RepairView>>({
    queryKey: [...KEY, "repairs", device],
    fetch: (cursor, signal) => ask(`/v1/repairs?${query({ limit: 200, cursor, device })}`, { signal }),
  });
  const plain = (key: string, width: number, text: (row: RepairView) => string): Column<RepairView> => ({
    key,
    title: t(`columns.${key}`),
    width,
    text,
    render: text,
  });
  const columns: Column<RepairView>[] = [
    { ...plain("action", 140, (row) => t(`actions.${row.action}`, { defaultValue: row.action })), fixed: true },
    {
      ...plain("repairState", 110, (row) => t(`repairStates.${row.state}`)),
      render: (row) => <ToneTag tone={REPAIR_TONES[row.state] ?? "plain"}>{t(`repairStates.${row.state}`)}</ToneTag>,
    },
    ...(device
      ? []
      : [{ ...plain("device", 130, (row) => row.device), render: (row: RepairView) => <Link to={pathOf(row.device)}>{row.device}</Link> }]),
    plain("symptoms", 150, (row) => row.symptoms.map((one) => t(`symptoms.${one}`, { defaultValue: one })).join(t("and")) || "—"),
    plain("regulation", 150, (row) => row.regulation || "—"),
    plain("supplier", 120, (row) => row.supplier || t("inHouse")),
    plain("reference", 120, (row) => row.reference || "—"),
    plain("visit", 150, (row) => (row.visit ? dated(row.visit) : "—")),
    { ...plain("price", 110, (row) => (row.price_fen >= 0 ? money(row.price_fen) : "—")), align: "right" },
    {
      ...plain("order", 110, (row) => (row.order ? t("partsOrder") : "—")),
      render: (row) => (row.order ? <Link to={`/orders/${row.order}`}>{t("partsOrder")}</Link> : "—"),
    },
    plain("opened", 150, (row) => dated(row.opened)),
    { ...plain("close", 170, () => ""), render: (row) => <Close repair={row} /> },
  ];
  return (
    <LedgerTable
      caption={t("views.repairs")}
      columns={columns}
      rows={list.rows}
      keyOf={(row) => row.id}
      nameOf={(row) => row.device}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      isWaiting={list.isWaiting}
      problem={list.problem}
      onRetry={list.onRetry}
      empty={t("emptyRepairs")}
    />
  );
}

function Close({ repair }: { repair: RepairView }) {
  const { t } = useTranslation("devices");
  const notice = useNotice();
  const confirm = useConfirm();
  const mayWrite = useMay("device.write");
  if (!mayWrite || repair.state === "closed") return null;
  const close = async (how: "done" | "cancelled") => {
    const act = t(`close.${how}`);
    if (!(await confirm({ title: t(`close.${how}Ask`), text: t(`close.${how}Means`), act, isDanger: how === "cancelled" }))) return;
    try {
      await ask(`/v1/repairs/${repair.id}/close`, { method: "POST", json: { how } });
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(`close.${how}Done`));
    } catch (error) {
      notice.failed(error);
    }
  };
  return (
    <span className="devices-acts">
      <Button size="small" onClick={() => void close("done")}>
        {t("close.done")}
      </Button>
      <Button size="small" onClick={() => void close("cancelled")}>
        {t("close.cancelled")}
      </Button>
    </span>
  );
}
