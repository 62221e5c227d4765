import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { NetworkMove, NetworkMovePage } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count, money } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { Launch } from "./launch";
import { chance, goods, KEY } from "./words";

const HEIGHT_PX = 560;
const keyOf = (move: NetworkMove) => String(move.no);

/** 调拨建议: what the plan would move, those that bring most first. */
export function Moves({ plan, hasForecast }: { plan: string; hasForecast: boolean }) {
  const { t } = useTranslation("network");
  const list = useKeyset<NetworkMove, NetworkMovePage>({
    queryKey: [...KEY, "moves", plan],
    fetch: (cursor, signal) => fetchJson(`/v1/network/moves?${query({ cursor, limit: 100 })}`, { signal }),
  });
  const columns = useColumns();
  const mayPlace = useMay("network.write");
  return (
    <div className="network-list">
      <p className="note">
        {t("about.moves")} <Link to="/agent">{t("toAgent")}</Link>
      </p>
      <LedgerTable<NetworkMove>
        caption={t("tabs.moves")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(move) => `${move.sku} ${move.from_warehouse} ${move.to_warehouse}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        height_px={HEIGHT_PX}
        empty={t(hasForecast ? "none.moves" : "noForecast")}
        card={(move) => (
          <div className="network-card">
            <b>{goods(move.sku_name, move.sku)}</b>
            <span>
              {move.from_warehouse} → {move.to_warehouse} · {count(move.quantity)}
            </span>
            <span>{money(move.mid_fen)}</span>
          </div>
        )}
      />
      {mayPlace && hasForecast && <Launch />}
    </div>
  );
}

function useColumns(): Column<NetworkMove>[] {
  const { t } = useTranslation("network");
  return useMemo(() => {
    const words = (key: string, width: number, text: (move: NetworkMove) => string): Column<NetworkMove> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const number = (key: string, width: number, text: (move: NetworkMove) => string): Column<NetworkMove> => ({
      ...words(key, width, text),
      align: "right",
    });
    return [
      { ...words("sku", 220, (move) => goods(move.sku_name, move.sku)), fixed: true },
      words("from", 110, (move) => move.from_warehouse),
      words("to", 110, (move) => move.to_warehouse),
      number("quantity", 90, (move) => count(move.quantity)),
      number("days", 80, (move) => count(move.days)),
      words("truck", 110, (move) => move.truck),
      number("cost", 110, (move) => money(move.cost_fen)),
      number("worth", 120, (move) => money(move.mid_fen)),
      number("range", 200, (move) => `${money(move.low_fen)} – ${money(move.high_fen)}`),
      number("before", 100, (move) => chance(move.before)),
      number("after", 100, (move) => chance(move.after)),
    ];
  }, [t]);
}
