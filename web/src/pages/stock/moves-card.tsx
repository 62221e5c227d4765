import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { SkuPlace, StockMove } from "@/api/types.gen";
import { ask } from "@/client";
import { count, exact, near } from "@/format";
import { Card } from "@/parts/card";
import { Named } from "@/parts/named";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { FIGURES, type MovePage, STOCK_KEY } from "./stock";

const UNKNOWN = -1;
const IMPORT = /^(undo )?import ([0-9a-f-]{36})$/;

/** What was moved of a SKU, newest first, and what orders took in between. */
export function MovesCard({ sku, places }: { sku: string; places: readonly SkuPlace[] }) {
  const { t } = useTranslation(["stock", "common"]);
  const list = useKeyset<StockMove, MovePage>({
    queryKey: [...STOCK_KEY, "moves", sku],
    fetch: (cursor, signal) =>
      ask<MovePage>(`/v1/stock/moves?${query({ sku, cursor, limit: 20 })}`, { signal }),
  });
  return (
    <Card title={t("moves.title")} note={t("moves.note")}>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && (
        <p className="muted">{t("moves.none")}</p>
      )}
      <ol className="stock-moves">
        {list.rows.map((move) => (
          <Move
            key={move.id + move.warehouse}
            move={move}
            name={places.find((one) => one.warehouse === move.warehouse)?.name ?? ""}
          />
        ))}
      </ol>
      {list.hasMore && (
        <Button size="small" onClick={list.onMore} loading={list.isWaiting}>
          {t("moves.more")}
        </Button>
      )}
    </Card>
  );
}

function Move({ move, name }: { move: StockMove; name: string }) {
  const { t } = useTranslation(["stock", "common"]);
  const parts = FIGURES.filter((figure) => move[figure] !== 0).map((figure) => {
    const by = move[figure];
    return `${t(`columns.${figure}`)} ${by > 0 ? "+" : "−"}${count(Math.abs(by))}`;
  });
  const made = IMPORT.exec(move.reason);
  const reason = made
    ? t(made[1] ? "moves.importUndone" : "moves.import")
    : t(`moves.reasons.${move.reason}`, { defaultValue: move.reason });
  return (
    <li>
      <Named name={name} code={move.warehouse} /> <b>{parts.join(" · ")}</b>
      {move.on_hand_after !== UNKNOWN && move.on_hand !== 0 && (
        <span className="note"> → {count(move.on_hand_after)}</span>
      )}
      <br />
      <span className="note">
        <span title={exact(move.at)}>{near(move.at)}</span> · {reason} · {move.by}
        {move.shipped > 0 && ` · ${t("moves.shipped", { n: count(move.shipped) })}`}
      </span>
    </li>
  );
}
