import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { JobView } from "@/api/types.gen";
import { ask } from "@/client";
import { bytes, count, dated, digest, duration, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { Card } from "@/parts/card";
import type { JobNews } from "@/parts/jobs";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Failures } from "./failures";
import { JobActs } from "./job-acts";
import { JOBS_KEY, percentOf, useJobWords } from "./job-words";
import "./jobs.css";
import { usePeople } from "./use-people";

const LOOK_MS = 2_000;

/** One job: how far it is, what it could not do and why, what may be done about it. */
export default function JobPage() {
  const { id = "" } = useParams();
  const words = useJobWords();
  const found = useQuery({
    queryKey: [...JOBS_KEY, id],
    queryFn: ({ signal }) => ask<JobView>(`/v1/jobs/${id}`, { signal }),
    refetchInterval: (query) => (query.state.data?.ended ? false : LOOK_MS),
  });
  useLive<JobNews>("jobs", (news) => {
    if (news.id === id) void found.refetch();
  });
  const job = found.data;
  if (!job) {
    return (
      <>
        <PageHead back="/jobs" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </>
    );
  }
  return (
    <>
      <PageHead
        back="/jobs"
        title={words.kind(job)}
        state={<ToneTag tone={words.tone(job)}>{words.state(job)}</ToneTag>}
        actions={<JobActs job={job} />}
      />
      <div className="jobs-one">
        <Progress job={job} />
        {job.result && <File job={job} result={job.result} />}
        {job.failed > 0 && <Failures id={job.id} failed={job.failed} />}
      </div>
    </>
  );
}

function Progress({ job }: { job: JobView }) {
  const { t } = useTranslation(["jobs", "common"]);
  const words = useJobWords();
  const person = usePeople();
  const took = job.ended ? new Date(job.ended).getTime() - new Date(job.created).getTime() : null;
  const facts: [string, React.ReactNode][] = [
    ["done", count(job.done)],
    ["failed", count(job.failed)],
    ["by", person(job.asked_by)],
    ["created", <time title={exact(job.created)}>{dated(job.created)}</time>],
    ...(took === null ? [] : [["took", duration(took)] as [string, React.ReactNode]]),
    ...(job.parent
      ? [["parent", <Link to={`/jobs/${job.parent}`}>{t("theOther")}</Link>] as [string, React.ReactNode]]
      : []),
  ];
  return (
    <Card title={t("progress")} note={words.progress(job)}>
      {job.trouble && <Alert type="error" showIcon title={t("trouble")} description={job.trouble} />}
      <progress
        className="job-bar"
        data-tone={words.tone(job)}
        max={100}
        value={percentOf(job)}
        aria-label={t("progress")}
      />
      <dl className="jobs-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What an export has made: rows, size, digest, how long it is kept. */
function File({ job, result }: { job: JobView; result: NonNullable<JobView["result"]> }) {
  const { t } = useTranslation(["jobs", "common"]);
  const facts: [string, React.ReactNode][] = [
    ["rows", count(result.rows)],
    ["size", bytes(result.size)],
    ["digest", <span className="mono" title={result.digest}>{digest(result.digest)}</span>],
    ["until", dated(result.until)],
    ...(result.left_out > 0
      ? [["leftOut", count(result.left_out)] as [string, React.ReactNode]]
      : []),
  ];
  return (
    <Card title={t("file")} note={job.form.toUpperCase()}>
      <dl className="jobs-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
