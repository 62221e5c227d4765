import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count, decimal, duration, money, weight } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import type { Kind, Lane, Region, Row, Sku, Warehouse } from "./masters";

const BITS = [1, 2, 4, 8, 16] as const;
const MICRO = 1_000_000;
const MINUTE_MS = 60_000;

export function clockWords(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The columns of each kind. */
export function useColumns(kind: Kind): Column<Row>[] {
  const { t } = useTranslation(["masters", "stock"]);
  return useMemo(() => {
    const storage = (bit: number) => t(`stock:storage.${bit}`);
    function plain<R extends Row>(key: string, width: number, text: (row: R) => string): Column<Row> {
      const words = (row: Row) => text(row as R);
      return { key, title: t(`columns.${key}`), width, text: words, render: words };
    }
    const number = <R extends Row>(key: string, width: number, text: (row: R) => string) => ({
      ...plain(key, width, text),
      align: "right" as const,
    });
    const place = ({ lng_udeg = 0, lat_udeg = 0 }: Warehouse | Region) =>
      lng_udeg || lat_udeg
        ? `${decimal(lng_udeg / MICRO, 3)}, ${decimal(lat_udeg / MICRO, 3)}`
        : "—";
    switch (kind) {
      case "skus":
        return [
          { ...plain<Sku>("code", 170, (r) => r.code), fixed: true },
          plain<Sku>("name", 320, (r) => r.name),
          number<Sku>("weight", 100, (r) => (r.weight_g ? weight(r.weight_g) : "—")),
          plain<Sku>("storage", 84, (r) => storage(r.storage ?? 1)),
          number<Sku>("price", 110, (r) => (r.price_fen ? money(r.price_fen) : "—")),
          plain<Sku>("barcode", 160, (r) => r.barcode || "—"),
        ];
      case "warehouses":
        return [
          { ...plain<Warehouse>("code", 90, (r) => r.code), fixed: true },
          plain<Warehouse>("name", 180, (r) => r.name),
          plain<Warehouse>("region", 100, (r) => r.region),
          plain<Warehouse>("place", 150, place),
          plain<Warehouse>("storages", 220, (r) =>
            BITS.filter((bit) => (r.storage_bits ?? 1) & bit).map(storage).join(" "),
          ),
          number<Warehouse>("capacity", 110, (r) => count(r.capacity_units)),
          plain<Warehouse>("cutoff", 84, (r) => clockWords(r.cutoff_min ?? 0)),
          plain<Warehouse>("calendar", 140, (r) => r.calendar ?? "—"),
          plain<Warehouse>("kind", 100, (r) => t(`building.${r.kind ?? "ground"}`)),
        ];
      case "regions":
        return [
          { ...plain<Region>("code", 110, (r) => r.code), fixed: true },
          plain<Region>("name", 200, (r) => r.name),
          plain<Region>("province", 160, (r) => r.province || "—"),
          plain<Region>("place", 170, place),
        ];
      default:
        return [
          { ...plain<Lane>("warehouse", 100, (r) => r.warehouse), fixed: true },
          plain<Lane>("region", 100, (r) => r.region),
          number<Lane>("transit", 120, (r) => duration(r.transit_min * MINUTE_MS)),
          number<Lane>("spread", 110, (r) => duration(r.sd_min * MINUTE_MS)),
          number<Lane>("first", 110, (r) => money(r.first_kg_fen)),
          number<Lane>("extra", 110, (r) => money(r.extra_kg_fen)),
          plain<Lane>("carrier", 160, (r) => r.carrier || "—"),
        ];
    }
  }, [t, kind]);
}
