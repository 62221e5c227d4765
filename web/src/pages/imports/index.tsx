import { ImportOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask as askHub } from "@/client";
import { count, near } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { BUSY, hrefOf, type Import, IMPORTS_KEY } from "./imports";
import "./imports.css";
import { StateTag } from "./state-tag";

const STATES = ["", "uploaded", "mapped", "applying", "refused", "failed", "applied", "undone"];
const keyOf = (made: Import) => made.id;

/** 导入: what runs, what is unfinished, what came of the others. */
export default function Imports() {
  const { t } = useTranslation(["imports", "common"]);
  const { asked, ask } = useAsked();
  const state = asked("state");
  const mayWrite = useMay("master.write") || useMay("stock.write");
  const list = useKeyset<Import, { items: readonly Import[]; next: string }>({
    queryKey: [...IMPORTS_KEY, "list", state],
    fetch: (cursor, signal) =>
      askHub(`/v1/imports?${query({ state, cursor, limit: 50 })}`, { signal }),
  });
  const columns = useColumns();
  const open = list.rows.filter((made) => made.expires).length;
  const running = list.rows.filter((made) => BUSY.includes(made.state)).length;
  return (
    <>
      <PageHead
        fact={list.isLoading ? undefined : t("fact", { running: count(running), open: count(open) })}
        actions={
          mayWrite && (
            <Link to="/imports/new">
              <Button type="primary" icon={<ImportOutlined />}>
                {t("new")}
              </Button>
            </Link>
          )
        }
      />
      <div className="imports-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={state}
          options={STATES.map((one) => ({ value: one, label: t(`states.${one || "all"}`) }))}
          onChange={(value) => ask({ state: value })}
        />
      </div>
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(made) => made.name || made.id}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={
          <>
            {t(state ? "emptyFiltered" : "empty")}{" "}
            {state ? (
              <Button type="link" onClick={() => ask({ state: "" })}>
                {t("clear")}
              </Button>
            ) : (
              mayWrite && <Link to="/imports/new">{t("new")}</Link>
            )}
          </>
        }
        card={(made) => (
          <Link to={hrefOf(made)}>
            <b>{made.name || made.id}</b> <StateTag state={made.state} />
            <span className="note">
              {t(`kinds.${made.kind}`)} · {t("counted", { n: count(made.counts.rows) })}
            </span>
          </Link>
        )}
      />
    </>
  );
}

function useColumns(): Column<Import>[] {
  const { t } = useTranslation(["imports", "common"]);
  return useMemo(() => {
    const plain = (key: string, width: number, text: (made: Import) => string): Column<Import> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const counted = (key: "rows" | "new" | "changed" | "same" | "rejected"): Column<Import> => ({
      ...plain(key, 84, (made) => (made.counts.rows ? count(made.counts[key]) : "—")),
      align: "right",
    });
    return [
      {
        ...plain("name", 240, (made) => made.name || made.id),
        fixed: true,
        render: (made) => (
          <Link to={hrefOf(made)} tabIndex={-1}>
            {made.name || made.id}
          </Link>
        ),
      },
      plain("kind", 84, (made) => t(`kinds.${made.kind}`)),
      {
        ...plain("state", 120, (made) => t(`states.${made.state}`)),
        render: (made) => <StateTag state={made.state} />,
      },
      counted("rows"),
      counted("new"),
      counted("changed"),
      counted("same"),
      counted("rejected"),
      plain("by", 110, (made) => made.by),
      plain("made", 110, (made) => near(made.made)),
      plain("expires", 120, (made) => (made.expires ? near(made.expires) : "—")),
    ];
  }, [t]);
}
