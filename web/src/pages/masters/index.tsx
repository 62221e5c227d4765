import { ImportOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask as askHub } from "@/client";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { useColumns } from "./columns";
import { Incomplete } from "./incomplete";
import {
  keyOf,
  type Kind,
  KINDS,
  MASTERS_KEY,
  type MasterSummary,
  type Page,
  type Row,
  summaryQuery,
} from "./masters";
import "./masters.css";
import { RowForm } from "./row-form";
import { SELLING } from "./selling";
import { SellingTab } from "./selling-tab";
import { SubstitutesTab } from "./substitutes-tab";

const LACKS = ["", "price", "weight", "barcode"] as const;

/** 主数据: goods, warehouses, regions, lanes, bundles, gifts, preorders; first what is incomplete. */
export default function Masters() {
  const { t } = useTranslation(["masters", "common"]);
  const { asked, ask } = useAsked();
  const mayWrite = useMay("master.write");
  const [isNew, setNew] = useState(false);
  const kind = KINDS.find((one) => one === asked("kind")) ?? "skus";
  const selling = SELLING.find((one) => one === asked("kind"));
  const isPairs = asked("kind") === "substitutes";
  const shown = isPairs ? "substitutes" : (selling ?? kind);
  const [q, lacks, peek] = [asked("q"), asked("lacks"), asked("peek")];
  const summary = useQuery(summaryQuery);
  const list = useKeyset<Row, Page>({
    queryKey: [...MASTERS_KEY, kind, q, lacks],
    fetch: (cursor, signal) =>
      askHub(
        `/v1/${kind}?${query({ limit: 200, cursor, ...(kind === "skus" ? { q, lacks } : {}) })}`,
        { signal },
      ),
  });
  const columns = useColumns(kind);
  const held = list.rows.find((row) => keyOf(kind, row) === peek);
  const isOpen = isNew || held !== undefined;
  return (
    <>
      <PageHead
        fact={
          summary.data &&
          t("fact", {
            skus: count(summary.data.skus),
            warehouses: count(summary.data.warehouses),
            regions: count(summary.data.regions),
            lanes: count(summary.data.lanes),
          })
        }
        actions={
          mayWrite && (
            <>
              <Button icon={<PlusOutlined />} onClick={() => setNew(true)}>
                {t(`new.${shown}`)}
              </Button>
              {shown !== "gifts" && shown !== "preorders" && shown !== "substitutes" && (
                <Link to={`/imports/new?kind=${shown}`}>
                  <Button type="primary" icon={<ImportOutlined />}>
                    {t(`import.${shown}`)}
                  </Button>
                </Link>
              )}
            </>
          )
        }
      />
      <Incomplete summary={summary.data} error={summary.error} />
      <div className="masters-bar">
        <Segmented
          aria-label={t("kindLabel")}
          value={shown}
          options={[
            ...KINDS.map((one) => ({ value: one as string, label: label(one, summary.data) })),
            ...SELLING.map((one) => ({ value: one as string, label: t(`kinds.${one}`) })),
            { value: "substitutes", label: t("kinds.substitutes") },
          ]}
          onChange={(value) => ask({ kind: value, q: "", lacks: "", peek: "" })}
        />
        {shown === "skus" && (
          <>
            <Input.Search
              key={q}
              allowClear
              defaultValue={q}
              placeholder={t("search")}
              aria-label={t("search")}
              onSearch={(value) => ask({ q: value.trim() })}
            />
            <Select
              value={lacks}
              aria-label={t("lacksLabel")}
              options={LACKS.map((one) => ({ value: one, label: t(`lacks.${one || "all"}`) }))}
              onChange={(value) => ask({ lacks: value })}
            />
          </>
        )}
      </div>
      {isPairs ? (
        <SubstitutesTab isNew={isNew} mayWrite={mayWrite} onNew={setNew} />
      ) : selling ? (
        <SellingTab key={selling} kind={selling} isNew={isNew} mayWrite={mayWrite} onNew={setNew} />
      ) : (
        <>
          <LedgerTable
            caption={t(`kinds.${kind}`)}
            columns={columns}
            rows={list.rows}
            keyOf={(row) => keyOf(kind, row)}
            nameOf={(row) => keyOf(kind, row)}
            onOpen={(row) => ask({ peek: keyOf(kind, row) })}
            onPeek={(row) => ask({ peek: row ? keyOf(kind, row) : "" })}
            peeked={peek}
            hasMore={list.hasMore}
            onMore={list.onMore}
            isLoading={list.isLoading}
            isWaiting={list.isWaiting}
            problem={list.problem}
            onRetry={list.onRetry}
            empty={
              q || lacks ? (
                <>
                  {t("emptyFiltered")}{" "}
                  <Button type="link" onClick={() => ask({ q: "", lacks: "" })}>
                    {t("clear")}
                  </Button>
                </>
              ) : (
                <>
                  {t(`empty.${kind}`)} <Link to={`/imports/new?kind=${kind}`}>{t(`import.${kind}`)}</Link>
                </>
              )
            }
          />
          <Peek
            title={isNew ? t(`new.${kind}`) : peek}
            isOpen={isOpen}
            onClose={() => {
              setNew(false);
              ask({ peek: "" });
            }}
            to={held && kind === "skus" ? `/stock?${query({ sku: keyOf(kind, held) })}` : undefined}
          >
            {isOpen && (
              <RowForm
                key={isNew ? "new" : peek}
                kind={kind}
                row={isNew ? null : (held ?? null)}
                mayWrite={mayWrite}
                onDone={() => setNew(false)}
              />
            )}
          </Peek>
        </>
      )}
    </>
  );

  function label(one: Kind, found: MasterSummary | undefined): string {
    return found ? `${t(`kinds.${one}`)} ${count(found[one])}` : t(`kinds.${one}`);
  }
}
