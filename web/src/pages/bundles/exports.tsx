import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Bundles, Exported } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, bytes, exact } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { BUNDLES_KEY } from "./bundles";

const keyOf = (row: Exported) => row.id;
const hrefOf = (row: Exported) => `/orders/${row.order}`;
const nameOf = (row: Exported) => row.number || row.order;

/** Who took which bundle, when, what for: the newest first. */
export function Exports() {
  const { t } = useTranslation("bundles");
  const list = useKeyset<Exported, Bundles>({
    queryKey: [...BUNDLES_KEY],
    fetch: (cursor, signal) =>
      ask(`/v1/evidence/bundles?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const columns = useColumns();
  return (
    <Card title={t("list.title")} note={t("list.note")} isFlush>
      <LedgerTable<Exported>
        caption={t("list.title")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={nameOf}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t("list.empty")}
        card={(row) => (
          <Link to={hrefOf(row)} className="bundles-card">
            <b>{nameOf(row)}</b>
            <span>{row.purpose || t("list.noPurpose")}</span>
            <time className="muted">{brief(row.at)}</time>
          </Link>
        )}
      />
    </Card>
  );
}

function useColumns(): Column<Exported>[] {
  const { t } = useTranslation("bundles");
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (row: Exported) => string,
    ): Column<Exported> => ({
      key,
      title: t(`list.columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      {
        ...plain("number", 200, nameOf),
        fixed: true,
        render: (row) => (
          <Link to={hrefOf(row)} tabIndex={-1}>
            {nameOf(row)}
          </Link>
        ),
      },
      {
        ...plain("at", 150, (row) => exact(row.at)),
        render: (row) => <time title={exact(row.at)}>{brief(row.at)}</time>,
      },
      plain("who", 140, (row) => row.who),
      plain("purpose", 200, (row) => row.purpose || t("list.noPurpose")),
      plain("facts", 90, (row) => String(row.facts)),
      plain("size", 100, (row) => bytes(row.size)),
      plain("disclosed", 130, (row) => t(row.disclosed ? "list.inClear" : "list.kept")),
      {
        ...plain("digest", 220, (row) => row.digest),
        render: (row) => <DigestText hex={row.digest} />,
      },
    ];
  }, [t]);
}
