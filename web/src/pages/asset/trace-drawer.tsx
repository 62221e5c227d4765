import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AssetPage, Traced, TracedRow } from "@/api/types.gen";
import { ask } from "@/client";
import { count, exact } from "@/format";
import { DigestText } from "@/parts/digest-text";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useKeyset } from "@/parts/use-keyset";
import {
  apiOf,
  asking,
  figure,
  grainOf,
  KEY,
  measuresOf,
  titleOf,
  useChart,
  type Value,
  type ValueWords,
  type Where,
} from "./model";

interface Props {
  page: AssetPage;
  words: ValueWords;
  cell: Where | null;
  onClose: () => void;
  /** See the chart of this cell alone, by another grain. */
  onNarrow: (where: Where, by: string) => void;
}

interface Page {
  items: readonly TracedRow[];
  next: string;
  total: number;
}

/** What is behind a cell: its measures, narrower cells, and every fact with who said it and when. */
export function TraceDrawer({ page, words, cell, onClose, onNarrow }: Props) {
  const title = Object.entries(cell ?? {}).map(([name, value]) => words(name, value)).join(" · ");
  return (
    <Peek title={title} isOpen={cell !== null} onClose={onClose}>
      {cell && <Behind page={page} words={words} cell={cell} onNarrow={onNarrow} />}
    </Peek>
  );
}

function Behind({ page, words, cell, onNarrow }: Omit<Props, "cell" | "onClose"> & { cell: Where }) {
  const { t } = useTranslation("asset");
  const by = Object.keys(cell);
  const found = useChart(page, by, cell);
  const [row] = found.data?.rows ?? [];
  const at = (name: string): Value => row?.[found.data?.columns.indexOf(name) ?? -1] ?? null;
  const open = grainOf(page).filter((column) => !(column.name in cell));
  return (
    <div className="asset-behind">
      {row && (
        <dl className="asset-facts">
          {measuresOf(page).map((column) => (
            <div key={column.name}>
              <dt>{titleOf(column)}</dt>
              <dd>{figure(column, at(column.name))}</dd>
            </div>
          ))}
        </dl>
      )}
      {open.length > 0 && (
        <p className="asset-narrow">
          <span className="note">{t("narrow")}</span>
          {open.map((column) => (
            <Button key={column.name} size="small" onClick={() => onNarrow(cell, column.name)}>
              {titleOf(column)}
            </Button>
          ))}
        </p>
      )}
      <Facts page={page} words={words} cell={cell} />
    </div>
  );
}

function Facts({ page, words, cell }: { page: AssetPage; words: ValueWords; cell: Where }) {
  const { t } = useTranslation("asset");
  const { name, run } = page.asset;
  const list = useKeyset<TracedRow, Page>({
    queryKey: [...KEY, name, "trace", run, cell],
    fetch: async (after, signal) => {
      const traced = await ask<Traced>(asking(apiOf(name, "/trace"), { cell, after }), { signal });
      return { items: traced.rows, next: traced.next, total: traced.total };
    },
  });
  if (list.problem) return <ProblemNote problem={list.problem} onRetry={list.onRetry} />;
  if (list.isLoading) return <Skeleton kind="rows" rows={4} />;
  return (
    <section className="asset-trace" aria-label={t("trace")}>
      <h2>
        {t("trace")} <span className="note">{t("traceNote", { count: list.first?.total ?? 0 })}</span>
      </h2>
      <ol>
        {list.rows.map((row, at) => (
          // Several rows of detail may stand on one fact.
          <li key={`${row.fact} ${at}`}>
            <Fact page={page} words={words} row={row} />
          </li>
        ))}
      </ol>
      {list.hasMore && (
        <Button size="small" onClick={list.onMore}>
          {t("more", { count: (list.first?.total ?? 0) - list.rows.length })}
        </Button>
      )}
    </section>
  );
}

function Fact({ page, words, row }: { page: AssetPage; words: ValueWords; row: TracedRow }) {
  const { t } = useTranslation(["asset", "common"]);
  const known = new Map(page.columns.map((column) => [column.name, column]));
  const own = Object.entries(row.columns).flatMap(([name, value]) => {
    const column = known.get(name);
    if (!column || column.role === "measure") return [];
    return [`${titleOf(column)} ${column.role === "grain" ? words(name, value) : figure(column, value)}`];
  });
  return (
    <>
      <p className="asset-fact">
        <b>{row.type}</b>
        {row.order && <Link to={`/orders/${row.order}`}>{row.number || t("order")}</Link>}
      </p>
      {own.length > 0 && <p className="note">{own.join(" · ")}</p>}
      <dl>
        <dt>{t("who")}</dt>
        <dd>
          {row.who}
          {row.role && ` · ${t(`common:roles.${row.role}`, { defaultValue: row.role })}`}
        </dd>
        <dt>{t("occurred")}</dt>
        <dd>{exact(row.occurred)}</dd>
        {row.recorded !== row.occurred && (
          <>
            <dt>{t("recorded")}</dt>
            <dd>{exact(row.recorded)}</dd>
          </>
        )}
        <dt>{t("leaf")}</dt>
        <dd>{t("leafAt", { half: row.half, at: count(row.leaf) })}</dd>
        {row.raw && (
          <>
            <dt>{t(row.salted ? "rawSalted" : "raw")}</dt>
            <dd>
              <DigestText hex={row.raw} />
            </dd>
          </>
        )}
      </dl>
    </>
  );
}
