import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { ask as askHub } from "@/client";
import { count, dated, money } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { type Bundle, codeOf, type Gift, type Preorder, type SellingKind, sellingKey, type SellingPage, type SellingRow } from "./selling";
import { SellingForm } from "./selling-form";

interface Props {
  kind: SellingKind;
  isNew: boolean;
  mayWrite: boolean;
  onNew: (isNew: boolean) => void;
}

/** Bundles, gift rules or announced goods; a row opens to be read and changed. */
export function SellingTab({ kind, isNew, mayWrite, onNew }: Props) {
  const { t } = useTranslation("masters");
  const { asked, ask } = useAsked();
  const peek = asked("peek");
  const list = useKeyset<SellingRow, SellingPage>({
    queryKey: sellingKey(kind),
    fetch: (cursor, signal) => askHub(`/v1/masters/${kind}?${query({ limit: 200, cursor })}`, { signal }),
  });
  const columns = useSellingColumns(kind);
  const held = list.rows.find((row) => codeOf(row) === peek);
  const isOpen = isNew || held !== undefined;
  const close = () => {
    onNew(false);
    ask({ peek: "" });
  };
  return (
    <>
      <LedgerTable
        caption={t(`kinds.${kind}`)}
        columns={columns}
        rows={list.rows}
        keyOf={codeOf}
        nameOf={codeOf}
        onOpen={(row) => ask({ peek: codeOf(row) })}
        onPeek={(row) => ask({ peek: row ? codeOf(row) : "" })}
        peeked={peek}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={
          <>
            {t(`empty.${kind}`)}{" "}
            {mayWrite && (
              <Button type="link" onClick={() => onNew(true)}>
                {t(`new.${kind}`)}
              </Button>
            )}
          </>
        }
      />
      <Peek title={isNew ? t(`new.${kind}`) : peek} isOpen={isOpen} onClose={close} to={undefined}>
        {isOpen && (
          <SellingForm
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

function useSellingColumns(kind: SellingKind): Column<SellingRow>[] {
  const { t } = useTranslation("masters");
  function plain<R extends SellingRow>(key: string, width: number, text: (row: R) => string): Column<SellingRow> {
    const words = (row: SellingRow) => text(row as R);
    return { key, title: t(`selling.${key}`), width, text: words, render: words };
  }
  const number = <R extends SellingRow>(key: string, width: number, text: (row: R) => string) => ({
    ...plain(key, width, text),
    align: "right" as const,
  });
  switch (kind) {
    case "bundles":
      return [
        { ...plain<Bundle>("code", 160, (r) => r.code), fixed: true },
        plain<Bundle>("name", 220, (r) => r.name || "—"),
        plain<Bundle>("parts", 560, (r) =>
          r.parts
            .map((p) => t("selling.part", { units: count(p.units), name: p.name || p.sku, share: count(p.share) }))
            .join(" + "),
        ),
      ];
    case "gifts":
      return [
        { ...plain<Gift>("code", 140, (r) => r.rule.code), fixed: true },
        plain<Gift>("name", 180, (r) => r.rule.name),
        plain<Gift>("when", 200, (r) => {
          const parts = [
            r.rule.least_fen ? t("selling.leastFen", { fen: money(r.rule.least_fen) }) : "",
            r.rule.least_units ? t("selling.leastUnits", { units: count(r.rule.least_units) }) : "",
            r.rule.once ? t("selling.onceBuyer") : "",
          ];
          return parts.filter(Boolean).join(" · ") || t("selling.always");
        }),
        plain<Gift>("gift", 180, (r) => `${r.rule.sku} × ${count(r.rule.units ?? 1)}`),
        number<Gift>("given", 130, (r) =>
          r.rule.stock ? `${count(r.given)} / ${count(r.rule.stock)}` : t("selling.unlimited"),
        ),
        plain<Gift>("until", 150, (r) =>
          r.rule.until_ms ? dated(new Date(r.rule.until_ms).toISOString()) : "—",
        ),
        plain<Gift>("state", 90, (r) => t(r.rule.active === false ? "selling.off" : "selling.on")),
      ];
    default:
      return [
        { ...plain<Preorder>("sku", 170, (r) => r.sku), fixed: true },
        plain<Preorder>("name", 260, (r) => r.name || "—"),
        plain<Preorder>("arrives", 170, (r) => dated(r.arrives)),
        number<Preorder>("sold", 150, (r) => `${count(r.sold)} / ${count(r.units)}`),
        number<Preorder>("transit", 130, (r) => count(r.in_transit)),
      ];
  }
}
