import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { NameForm } from "./name-form";
import "./names.css";
import { type Alias, type DirectoryEntry, type Kind, KINDS, keyOf, keyOfKind, list as listNames, nameOf, type Option, type Page, type Row, type RuleRow, type SkuUnit } from "./names";

/** 说法: what people call stores, customers, goods and what changes them; how originals are read. */
export default function Names() {
  const { t } = useTranslation("names");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("master.write");
  const [isNew, setNew] = useState(false);
  const kind = KINDS.find((one) => one === asked("kind")) ?? "aliases";
  const [q, peek] = [asked("q"), asked("peek")];
  const list = useKeyset<Row, Page>({
    queryKey: [...keyOfKind(kind), q],
    fetch: (cursor, signal) => listNames(kind, q, cursor, signal),
  });
  const columns = useColumns(kind);
  const held = list.rows.find((row) => keyOf(row) === peek);
  const close = () => {
    setNew(false);
    ask({ peek: "" });
  };
  return (
    <>
      <PageHead
        fact={t(`fact.${kind}`)}
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setNew(true)}>
              {t(`new.${kind}`)}
            </Button>
          )
        }
      />
      <div className="names-bar">
        <Segmented
          aria-label={t("kindLabel")}
          value={kind}
          options={KINDS.map((one) => ({ value: one as string, label: t(`kinds.${one}`) }))}
          onChange={(value) => ask({ kind: value, q: "", peek: "" })}
        />
        <Input.Search
          key={`${kind} ${q}`}
          allowClear
          defaultValue={q}
          placeholder={t("search")}
          aria-label={t("search")}
          onSearch={(value) => ask({ q: value.trim() })}
        />
      </div>
      <LedgerTable
        caption={t(`kinds.${kind}`)}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={nameOf}
        onOpen={(row) => ask({ peek: keyOf(row) })}
        onPeek={(row) => ask({ peek: row ? keyOf(row) : "" })}
        peeked={peek}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={q ? t("emptyFound") : t(`empty.${kind}`)}
      />
      <Peek
        title={isNew ? t(`new.${kind}`) : held ? nameOf(held) : peek}
        isOpen={isNew || held !== undefined}
        onClose={close}
        to={undefined}
      >
        {(isNew || held) && (
          <NameForm
            key={isNew ? "new" : peek}
            kind={kind}
            row={isNew ? null : (held ?? null)}
            mayWrite={mayWrite}
            onDone={close}
          />
        )}
      </Peek>
    </>
  );
}

function useColumns(kind: Kind): Column<Row>[] {
  const { t } = useTranslation("names");
  function plain<R extends Row>(key: string, width: number, text: (row: R) => string): Column<Row> {
    const words = (row: Row) => text(row as R);
    return { key, title: t(`columns.${key}`), width, text: words, render: words };
  }
  const state = plain<Alias | DirectoryEntry | Option | RuleRow>("state", 90, (r) => t(r.active === false ? "off" : "on"));
  switch (kind) {
    case "directory":
      return [
        { ...plain<DirectoryEntry>("name", 220, (r) => r.name), fixed: true },
        plain<DirectoryEntry>("kind", 90, (r) => t(`called.${r.kind}`)),
        plain<DirectoryEntry>("code", 150, (r) => r.code),
        plain<DirectoryEntry>("warehouse", 130, (r) => r.warehouse || "—"),
        plain<DirectoryEntry>("address", 320, (r) =>
          [r.address?.province, r.address?.city, r.address?.district, r.address?.detail].filter(Boolean).join(" ") || "—",
        ),
        state,
      ];
    case "options":
      return [
        { ...plain<Option>("name", 180, (r) => r.name), fixed: true },
        plain<Option>("code", 150, (r) => r.code),
        plain<Option>("sku", 150, (r) => r.sku || "—"),
        { ...plain<Option>("price", 110, (r) => money(r.price_fen ?? 0)), align: "right" },
        plain<Option>("storage", 110, (r) => (r.storage ? t(`storage.${r.storage}`) : "—")),
        plain<Option>("allergens", 180, (r) => r.allergens?.join(t("and")) || "—"),
        state,
      ];
    case "units":
      return [
        { ...plain<SkuUnit>("sku", 220, (r) => r.sku), fixed: true },
        plain<SkuUnit>("unit", 120, (r) => r.unit),
        { ...plain<SkuUnit>("units", 140, (r) => count(r.units)), align: "right" },
      ];
    case "rules":
      return [
        { ...plain<RuleRow>("title", 240, (r) => r.title || "—"), fixed: true },
        plain<RuleRow>("code", 100, (r) => r.code),
        plain<RuleRow>("when", 130, (r) => t(`when.${r.when}`)),
        plain<RuleRow>("match", 130, (r) => r.match),
        plain<RuleRow>("requires", 140, (r) => t(`requires.${r.requires}`, { defaultValue: r.requires })),
        plain<RuleRow>("text", 260, (r) => r.source || "—"),
        plain<RuleRow>("verified", 120, (r) => r.verified_by || t("unverified")),
        plain<RuleRow>("origin", 100, (r) => t(r.shipped ? "shipped" : "own")),
        state as Column<Row>,
      ];
    default:
      return [
        { ...plain<Alias>("alias", 220, (r) => r.alias), fixed: true },
        plain<Alias>("kind", 90, (r) => t(`called.${r.kind}`)),
        plain<Alias>("code", 180, (r) => r.code),
        plain<Alias>("scope", 150, (r) => r.scope || t("everybody")),
        plain<Alias>("source", 110, (r) => t(`source.${r.source ?? "hand"}`)),
        state,
      ];
  }
}
