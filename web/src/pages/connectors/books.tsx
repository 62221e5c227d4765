import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BooksCompared, BooksDifference, BooksRun, BooksRuns, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, ROUTES } from "./model";
import { titleOf, useCapability } from "./words";

const KINDS = ["lost", "doubled", "strange", "differing", "unheard"] as const;
const BUSY = new Set(["waiting", "running"]);
const SOON_MS = 700;

interface Props {
  capability: string;
  desks: readonly ConnectorView[];
  mayRoute: boolean;
  onClose: () => void;
}

/** 双方对账: our calls against every far side's books, run by run. */
export function Books({ capability, desks, mayRoute, onClose }: Props) {
  const { t } = useTranslation("connectors");
  const name = useCapability()(capability);
  const notice = useNotice();
  const [picked, pick] = useState("");
  const path = `${ROUTES}/${encodeURIComponent(capability)}/comparisons`;
  const key = [...KEY, "books", capability];
  const runs = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<BooksRuns>(path, { signal }),
    refetchInterval: (kept) => (kept.state.data?.items.some((run) => BUSY.has(run.state)) ? SOON_MS : false),
  });
  const begun = useMutation({
    mutationFn: () => ask<BooksRun>(path, { method: "POST", json: { reason: "" } }),
    onSuccess: async (run) => {
      pick(run.id);
      await queries.invalidateQueries({ queryKey: key });
    },
    onError: (error) => notice.failed(error),
  });
  const run = runs.data?.items.find((one) => one.id === picked) ?? runs.data?.items[0];
  return (
    <Drawer
      open
      size={560}
      title={t("booksOf", { capability: name })}
      onClose={onClose}
      extra={
        mayRoute && (
          <Button type="primary" loading={begun.isPending} onClick={() => begun.mutate()}>
            {t("compare")}
          </Button>
        )
      }
    >
      {runs.error && <ProblemNote problem={asProblem(runs.error)} onRetry={() => void runs.refetch()} />}
      {runs.isLoading && <Skeleton kind="page" rows={4} />}
      {runs.data && !run && <p className="note">{t("booksEmpty")}</p>}
      {run && <Run run={run} desks={desks} />}
      {runs.data && runs.data.items.length > 1 && (
        <ul className="connectors-ways">
          {runs.data.items.map((one) => (
            <li key={one.id}>
              <Button type="link" size="small" onClick={() => pick(one.id)}>
                {near(one.began)}
              </Button>
              <Verdict run={one} />
            </li>
          ))}
        </ul>
      )}
    </Drawer>
  );
}

function differing(run: BooksRun): number {
  return KINDS.reduce((sum, kind) => sum + (run.figures[kind] ?? 0), 0);
}

function Verdict({ run }: { run: BooksRun }) {
  const { t } = useTranslation("connectors");
  if (BUSY.has(run.state)) return <ToneTag tone="info">{t("comparing")}</ToneTag>;
  if (run.state !== "done") return <ToneTag tone="risk">{t("notCompared")}</ToneTag>;
  const n = differing(run);
  return <ToneTag tone={n === 0 ? "kept" : "broken"}>{n === 0 ? t("agreed") : t("differences", { n })}</ToneTag>;
}

function Run({ run, desks }: { run: BooksRun; desks: readonly ConnectorView[] }) {
  const { t } = useTranslation("connectors");
  const isOpen = run.state === "done" && differing(run) > 0;
  const found = useQuery({
    queryKey: [...KEY, "comparison", run.id],
    queryFn: ({ signal }) => ask<BooksCompared>(`/v1/connector-comparisons/${run.id}`, { signal }),
    enabled: isOpen,
  });
  const figures = run.figures;
  return (
    <div className="connectors-run">
      <p>
        <Verdict run={run} /> {t("ranAt", { at: near(run.began) })}
      </p>
      {run.trouble && <p className="connectors-trouble">{run.trouble}</p>}
      {run.state === "done" && (
        <dl className="connectors-facts">
          {(["ours", "theirs", "agreed", ...KINDS] as const).map((name) => (
            <div key={name}>
              <dt>{t(`figures.${name}`)}</dt>
              <dd>{count(figures[name] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
      {(figures.unlisted ?? []).length > 0 && (
        <p className="note">{t("unlisted", { names: (figures.unlisted ?? []).join("、") })}</p>
      )}
      {isOpen && found.data && (
        <SmallTable<BooksDifference>
          caption={t("differencesCaption")}
          rows={found.data.items}
          keyOf={(row) => String(row.no)}
          empty={t("agreed")}
          columns={[
            { key: "kind", title: t("columns.kind"), render: (row) => t(`figures.${row.kind as (typeof KINDS)[number]}`) },
            { key: "key", title: t("columns.key"), render: (row) => row.key },
            { key: "connector", title: t("columns.title"), render: (row) => (row.connector ? titleOf(desks, row.connector) : "—") },
            { key: "detail", title: t("columns.detail"), render: (row) => row.detail },
          ]}
        />
      )}
    </div>
  );
}
