import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import {
  type Import,
  IMPORTS_KEY,
  type ImportRows,
  kindsQuery,
  nameOf,
  type SeenRow,
} from "./imports";
import { valueWords } from "./values";

const HEIGHT_PX = 460;
const keyOf = (row: SeenRow) => String(row.line);

interface Props {
  made: Import;
  outcome?: string;
  undone?: string;
}

/** The rows of a sheet: what is there and what would be, or why a row is left out. */
export function RowsTable({ made, outcome = "", undone = "" }: Props) {
  const { t } = useTranslation(["imports", "common", "stock"]);
  const list = useKeyset<SeenRow, ImportRows>({
    queryKey: [...IMPORTS_KEY, made.id, "rows", outcome, undone, made.state, made.changed],
    fetch: (cursor, signal) =>
      ask(`/v1/imports/${made.id}/preview?${query({ outcome, undone, cursor, limit: 100 })}`, {
        signal,
      }),
  });
  const kinds = useQuery(kindsQuery);
  const spec = kinds.data?.items.find((one) => one.kind === made.kind);
  const storage = kinds.data?.storage;
  const columns = useMemo<Column<SeenRow>[]>(() => {
    const field = (name: string) => {
      const found = spec?.fields.find((one) => one.name === name);
      return found ? nameOf(found) : name;
    };
    const said = (name: string, value: unknown) =>
      valueWords(spec?.fields.find((one) => one.name === name), value, storage ?? {});
    const what = (row: SeenRow): string => {
      if (row.reason) {
        return t(`reasons.${row.reason}`, {
          field: field(row.field),
          value: row.value,
          detail: row.detail,
        });
      }
      const after = row.after as Record<string, unknown>;
      const before = row.before as Record<string, unknown> | null;
      const keys = new Set(spec?.fields.filter((one) => one.is_key).map((one) => one.name));
      const names = Object.keys(after).filter(
        (name) => !keys.has(name) && (before ? before[name] !== after[name] : after[name] !== ""),
      );
      if (names.length === 0) return t("nothing");
      return names
        .map((name) =>
          before
            ? `${field(name)} ${said(name, before[name])} → ${said(name, after[name])}`
            : `${field(name)} ${said(name, after[name])}`,
        )
        .join(" · ");
    };
    const plain = (key: string, width: number, text: (row: SeenRow) => string) => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      { ...plain("line", 72, (row) => String(row.line)), align: "right", fixed: true },
      {
        ...plain("outcome", 96, (row) => t(`outcomes.${row.undone || row.outcome}`)),
        render: (row) => (
          <span
            className="imports-outcome"
            data-tone={row.outcome === "rejected" ? "broken" : undefined}
          >
            {t(`outcomes.${row.undone || row.outcome}`)}
          </span>
        ),
      },
      plain("key", 220, (row) => row.key.join(" · ") || "—"),
      plain("what", 560, what),
    ];
  }, [t, spec, storage]);
  return (
    <LedgerTable
      caption={t("columns.rows")}
      columns={columns}
      rows={list.rows}
      keyOf={keyOf}
      nameOf={(row) => t("line", { n: row.line })}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      isWaiting={list.isWaiting}
      problem={list.problem}
      onRetry={list.onRetry}
      height_px={HEIGHT_PX}
      empty={t("noRows")}
    />
  );
}
