import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AssetPage, Cells } from "@/api/types.gen";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import type { Column, Sort } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useKeyset } from "@/parts/use-keyset";
import { apiOf, asking, figure, grainOf, KEY, titleOf, type Value, type ValueWords, type Where } from "./model";

interface Row {
  key: string;
  values: Readonly<Record<string, Value>>;
}

interface Page {
  items: readonly Row[];
  next: string;
  total: number;
  suppressed: number;
}

interface Props {
  page: AssetPage;
  words: ValueWords;
  where: Where;
  onPick: (cell: Where) => void;
}

const PAGE_ROWS = "200";
const HEIGHT_PX = 420;
const GRAIN_PX = 150;
const MEASURE_PX = 130;

/** All cells of the last build, page by page; a row opens the facts behind it. */
export function CellsTable({ page, words, where, onPick }: Props) {
  const { t } = useTranslation("asset");
  const { name, run } = page.asset;
  const [sort, setSort] = useState<Sort>();
  const grains = useMemo(() => grainOf(page).map((column) => column.name), [page]);
  const order = sort ? `${sort.descending ? "-" : ""}${sort.key}` : "";
  const list = useKeyset<Row, Page>({
    queryKey: [...KEY, name, "cells", run, where, order],
    fetch: async (after, signal) => {
      const path = asking(apiOf(name, "/cells"), { where, order, after, limit: PAGE_ROWS });
      const found = await ask<Cells>(path, { signal });
      const items = found.rows.map((row) => {
        const values = Object.fromEntries(found.columns.map((column, at) => [column, row[at] ?? null]));
        return { values, key: grains.map((grain) => String(values[grain])).join(" ") };
      });
      return { items, next: found.next, total: found.total, suppressed: found.suppressed };
    },
  });
  const columns = useMemo<Column<Row>[]>(
    () =>
      page.columns
        .filter((column) => column.role === "grain" || column.role === "measure")
        .map((column) => {
          const isGrain = column.role === "grain";
          const text = (row: Row) =>
            isGrain ? words(column.name, row.values[column.name]) : figure(column, row.values[column.name]);
          return {
            key: column.name,
            title: titleOf(column),
            width: isGrain ? GRAIN_PX : MEASURE_PX,
            text,
            render: text,
            sortable: true,
            ...(isGrain ? {} : { align: "right" as const }),
          };
        }),
    [page, words],
  );
  const cellOf = (row: Row): Where =>
    Object.fromEntries(grains.map((grain) => [grain, row.values[grain] ?? ""]));
  return (
    <Card title={t("cells")} note={t("cellsNote", { count: list.first?.total ?? 0 })} isFlush className="asset-cells">
      <LedgerTable
        caption={t("cells")}
        columns={columns}
        rows={list.rows}
        keyOf={(row) => row.key}
        nameOf={(row) => grains.map((grain) => words(grain, row.values[grain])).join(" · ")}
        total={list.first?.total}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        sort={sort}
        onSort={setSort}
        onOpen={(row) => onPick(cellOf(row))}
        height_px={HEIGHT_PX}
        empty={t("noCells")}
        foot={(list.first?.suppressed ?? 0) > 0 ? t("suppressed", { count: list.first?.suppressed ?? 0 }) : undefined}
      />
    </Card>
  );
}
