import { Input } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { NetworkRow, NetworkRowPage } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count, money } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { Detail } from "./detail";
import { chance, goods, KEY, units } from "./words";

interface Props {
  view: "short" | "safety" | "slow";
  plan: string;
  hasForecast: boolean;
}

const HEIGHT_PX = 560;
const HALF = 500;
const NEVER = 9_999;
const keyOf = (row: NetworkRow) => `${row.warehouse}\n${row.sku}`;

/** Rows of the newest plan: who will be short, whose safety stock should change, what is slow. */
export function Rows({ view, plan, hasForecast }: Props) {
  const { t } = useTranslation("network");
  const { asked, ask } = useAsked();
  const [warehouse, sku, chosen] = [asked("wh"), asked("sku"), asked("row")];
  const list = useKeyset<NetworkRow, NetworkRowPage>({
    queryKey: [...KEY, "rows", view, plan, warehouse, sku],
    fetch: (cursor, signal) =>
      fetchJson(`/v1/network/rows?${query({ view, warehouse, sku, cursor, limit: 100 })}`, { signal }),
  });
  const columns = useColumns(view);
  const open = list.rows.find((row) => keyOf(row) === chosen);
  return (
    <div className="network-list">
      <p className="note">{t(`about.${view}`)}</p>
      <div className="network-filters">
        <Filter name="wh" label={t("warehouseCode")} value={warehouse} onAsk={ask} />
        <Filter name="sku" label={t("skuCode")} value={sku} onAsk={ask} />
      </div>
      <LedgerTable<NetworkRow>
        caption={t(`tabs.${view}`)}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(row) => `${row.sku} ${row.warehouse}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        height_px={HEIGHT_PX}
        peeked={chosen}
        onPeek={(row) => ask({ row: row ? keyOf(row) : "" })}
        onOpen={(row) => ask({ row: keyOf(row) })}
        empty={t(warehouse || sku ? "noneFiltered" : hasForecast ? `none.${view}` : "noForecast")}
        card={(row) => (
          <button type="button" className="network-card" onClick={() => ask({ row: keyOf(row) })}>
            <b>{goods(row.sku_name, row.sku)}</b>
            <span>{row.warehouse_name || row.warehouse}</span>
            <span>{cardLine(view, row, t)}</span>
          </button>
        )}
      />
      {open && <Detail row={open} onClose={() => ask({ row: "" })} />}
    </div>
  );
}

type Words = ReturnType<typeof useTranslation<"network">>["t"];

function cardLine(view: Props["view"], row: NetworkRow, t: Words): string {
  if (view === "safety") return t("cards.safety", { now: count(row.safety), advised: count(row.advised) });
  if (view === "slow") return t("cards.slow", { days: cover(row), value: money(row.value_fen) });
  return t("cards.short", { chance: chance(row.chance_7), day: row.out_day || "—" });
}

function cover(row: NetworkRow): string {
  return row.cover_days >= NEVER ? "∞" : count(row.cover_days);
}

function Filter({ name, label, value, onAsk }: {
  name: string;
  label: string;
  value: string;
  onAsk: (changes: Readonly<Record<string, string>>) => void;
}) {
  return (
    <Input.Search
      key={value}
      allowClear
      defaultValue={value}
      placeholder={label}
      aria-label={label}
      maxLength={64}
      onSearch={(text) => onAsk({ [name]: text.trim(), row: "" })}
    />
  );
}

function useColumns(view: Props["view"]): Column<NetworkRow>[] {
  const { t } = useTranslation("network");
  return useMemo(() => {
    const words = (key: string, width: number, text: (row: NetworkRow) => string): Column<NetworkRow> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const number = (key: string, width: number, text: (row: NetworkRow) => string): Column<NetworkRow> => ({
      ...words(key, width, text),
      align: "right",
    });
    const odds = (key: string, of: (row: NetworkRow) => number): Column<NetworkRow> => ({
      ...number(key, 92, (row) => chance(of(row))),
      render: (row) =>
        of(row) >= HALF ? <ToneTag tone="risk">{chance(of(row))}</ToneTag> : chance(of(row)),
    });
    const first: Column<NetworkRow>[] = [
      { ...words("sku", 220, (row) => goods(row.sku_name, row.sku)), fixed: true },
      words("warehouse", 130, (row) => row.warehouse_name || row.warehouse),
    ];
    if (view === "safety")
      return [
        ...first,
        words("class", 60, (row) => row.class_code),
        number("service", 90, (row) => chance(row.service)),
        number("safety", 90, (row) => count(row.safety)),
        number("advised", 90, (row) => count(row.advised)),
        number("keptNow", 110, (row) => chance(row.kept_now)),
        number("keptThen", 110, (row) => chance(row.kept_then)),
        number("daily", 90, (row) => units(row.daily_milli)),
        number("lead", 90, (row) => count(row.lead_days)),
        number("gap", 120, (row) => money(row.gap_fen)),
      ];
    if (view === "slow")
      return [
        ...first,
        number("onHand", 90, (row) => count(row.on_hand)),
        number("daily", 90, (row) => units(row.daily_milli)),
        number("cover", 100, cover),
        number("value", 130, (row) => money(row.value_fen)),
        number("markdown", 100, (row) => (row.markdown ? chance(row.markdown) : "—")),
        number("brings", 130, (row) => (row.markdown ? money(row.slow_fen) : "—")),
      ];
    return [
      ...first,
      words("outDay", 110, (row) => row.out_day || "—"),
      odds("chance3", (row) => row.chance_3),
      odds("chance7", (row) => row.chance_7),
      odds("chance14", (row) => row.chance_14),
      odds("chance28", (row) => row.chance_28),
      number("free", 90, (row) => count(row.on_hand - row.reserved - row.safety)),
      number("transit", 90, (row) => count(row.in_transit)),
      number("daily", 90, (row) => units(row.daily_milli)),
      number("lead", 90, (row) => count(row.lead_days)),
    ];
  }, [t, view]);
}
