import { LoadingOutlined, ScheduleOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "@/format/numbers";
import { useStore } from "@/frame/stores";
import { useLive } from "@/live/use-live";
import { PAGES } from "@/pages";
import { useMay } from "@/session";
import { Badge } from "./badge";
import {
  actOnJob,
  hearJob,
  isOver,
  type Job,
  type JobCan,
  type JobNews,
  jobs,
  readJob,
  readJobs,
  showHubJob,
} from "./jobs";
import { useNotice } from "./notice";

/** The page with a job's failures, once somebody has made it. */
const hasPage = PAGES.some((page) => page.path === "/jobs/:id");
const OFFERED: readonly JobCan[] = ["cancel", "retry", "undo"];

/** Long work: progress, cancel, result; what failed can be tried again. */
export function JobTray() {
  const { t } = useTranslation();
  const all = useStore(jobs);
  const word = useCallback((name: string) => t(`jobs.kinds.${name}`, { defaultValue: name }), [t]);
  const mayRead = useMay("order.read");
  useEffect(() => {
    if (!mayRead) return;
    // Without jobs the tray is empty, which is what it shows when they cannot be read, too.
    readJobs().then(
      (found) => {
        for (const job of found.toReversed()) showHubJob(job, word);
      },
      () => undefined,
    );
  }, [mayRead, word]);
  useLive<JobNews>("jobs", (news) => {
    if (hearJob(news)) {
      readJob(news.id).then(
        (job) => showHubJob(job, word),
        () => undefined,
      );
    }
  });
  const running = all.filter((job) => !isOver(job)).length;
  const list =
    all.length === 0 ? (
      <p className="muted">{t("jobs.none")}</p>
    ) : (
      <ul className="jobs">
        {all.map((job) => (
          <JobLine key={job.id} job={job} word={word} />
        ))}
      </ul>
    );
  return (
    <Badge value={running}>
      <Popover trigger="click" placement="bottomRight" title={t("jobs.title")} content={list}>
        <Button
          type="text"
          icon={running > 0 ? <LoadingOutlined /> : <ScheduleOutlined />}
          aria-label={t("jobs.title")}
        />
      </Popover>
    </Badge>
  );
}

function JobLine({ job, word }: { job: Job; word: (name: string) => string }) {
  const { t } = useTranslation();
  const { failed } = useNotice();
  const percent = job.total ? Math.floor((job.done / job.total) * 100) : isOver(job) ? 100 : 0;
  const act = (what: "cancel" | "retry" | "undo") => {
    actOnJob(job.id, what).then((next) => showHubJob(next, word), failed);
  };
  return (
    <li>
      <div className="job-head">
        <b>{job.title}</b>
        <span>
          {!isOver(job) && job.cancel && (
            <Button size="small" onClick={job.cancel}>
              {t("acts.cancel")}
            </Button>
          )}
          {OFFERED.filter((what) => job.can?.includes(what)).map((what) => (
            <Button key={what} size="small" onClick={() => act(what as "cancel")}>
              {t(`acts.${what}`)}
            </Button>
          ))}
          {(job.to || hasPage) && isOver(job) && (
            <Link to={job.to ?? `/jobs/${job.id}`}>{t("acts.view")}</Link>
          )}
          {job.href && (
            <a href={job.href} download>
              {t("jobs.download")}
            </a>
          )}
        </span>
      </div>
      <progress
        className="job-bar"
        data-tone={job.state === "failed" ? "broken" : isOver(job) ? "kept" : "primary"}
        max={100}
        value={percent}
        aria-label={job.title}
      />
      <span className="muted">
        {t(`jobs.${job.state}`)} · {count(job.done)}
        {job.total === undefined
          ? ""
          : ` / ${job.exact === false ? t("jobs.about", { n: count(job.total) }) : count(job.total)}`}
        {job.failed ? ` · ${t("jobs.failures", { count: job.failed })}` : ""}
      </span>
    </li>
  );
}
