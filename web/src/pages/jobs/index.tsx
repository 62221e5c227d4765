import { Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { JobPage, JobView } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { brief, count, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { JOBS_KEY, percentOf, useJobWords } from "./job-words";
import "./jobs.css";
import { usePeople } from "./use-people";

const keyOf = (job: JobView) => job.id;
const hrefOf = (job: JobView) => `/jobs/${job.id}`;

/** 后台任务: what the person has begun, newest first; who looks after jobs sees everybody's. */
export default function Jobs() {
  const { t } = useTranslation(["jobs", "common"]);
  const { asked, ask } = useAsked();
  const words = useJobWords();
  const mayAll = useMay("job.admin");
  const all = mayAll && asked("of") === "all";
  const list = useKeyset<JobView, JobPage>({
    queryKey: [...JOBS_KEY, "list", all],
    fetch: (cursor, signal) =>
      askHub(`/v1/jobs?${query({ all: all ? "true" : "", cursor, limit: 50 })}`, { signal }),
  });
  useLive("jobs", () => list.onRetry());
  const columns = useColumns();
  return (
    <>
      <PageHead fact={t("fact")} />
      {mayAll && (
        <Segmented
          className="jobs-of"
          aria-label={t("of")}
          value={all ? "all" : "me"}
          options={[
            { value: "me", label: t("mine") },
            { value: "all", label: t("everybody") },
          ]}
          onChange={(value) => ask({ of: value === "all" ? "all" : "" })}
        />
      )}
      <LedgerTable<JobView>
        caption={t("common:jobs.title")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={words.kind}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={
          <>
            {t("empty")} <Link to="/orders">{t("toOrders")}</Link>
          </>
        }
        card={(job) => (
          <Link to={hrefOf(job)} className="jobs-card">
            <b>{words.kind(job)}</b>
            <span>{words.progress(job)}</span>
            <ToneTag tone={words.tone(job)}>{words.state(job)}</ToneTag>
            <time className="muted">{brief(job.created)}</time>
          </Link>
        )}
      />
    </>
  );
}

function useColumns(): Column<JobView>[] {
  const { t } = useTranslation("jobs");
  const words = useJobWords();
  const person = usePeople();
  return useMemo(() => {
    const plain = (key: string, width: number, text: (job: JobView) => string): Column<JobView> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      {
        ...plain("kind", 200, words.kind),
        fixed: true,
        render: (job) => (
          <Link to={hrefOf(job)} tabIndex={-1}>
            {words.kind(job)}
          </Link>
        ),
      },
      {
        ...plain("state", 110, words.state),
        render: (job) => <ToneTag tone={words.tone(job)}>{words.state(job)}</ToneTag>,
      },
      {
        ...plain("progress", 240, words.progress),
        render: (job) => (
          <span className="jobs-progress">
            <progress
              className="job-bar"
              data-tone={words.tone(job)}
              max={100}
              value={percentOf(job)}
              aria-label={words.kind(job)}
            />
            {words.progress(job)}
          </span>
        ),
      },
      { ...plain("failed", 90, (job) => (job.failed ? count(job.failed) : "—")), align: "right" },
      plain("by", 160, (job) => person(job.asked_by)),
      {
        ...plain("created", 120, (job) => exact(job.created)),
        render: (job) => <time title={exact(job.created)}>{brief(job.created)}</time>,
      },
      {
        ...plain("ended", 120, (job) => (job.ended ? exact(job.ended) : "—")),
        render: (job) =>
          job.ended ? <time title={exact(job.ended)}>{brief(job.ended)}</time> : "—",
      },
    ];
  }, [t, words, person]);
}
