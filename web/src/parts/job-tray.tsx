import { LoadingOutlined, ScheduleOutlined } from "@ant-design/icons";
import { Badge, Button, Popover, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Store, useStore } from "@/frame/stores";
import { count } from "@/format/numbers";
import { useLive } from "@/live/use-live";

/** Long work as the tray shows it: 41,204 / 48,216, failed 12. */
export interface Job {
  id: string;
  title: string;
  done: number;
  /** Absent while nobody knows. */
  total?: number;
  failed?: number;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  /** Where the result is: a page of the console (`to`) or a file (`href`). */
  to?: string;
  href?: string;
  cancel?: () => void;
}

const jobs = new Store<readonly Job[]>([]);

/** Show a job in the tray, or what has become of it. It survives navigation. */
export function showJob(job: Job): void {
  jobs.change((old) => {
    const at = old.findIndex((one) => one.id === job.id);
    return at < 0 ? [job, ...old] : old.map((one, index) => (index === at ? job : one));
  });
}

/** A job of the hub, as the live topic `jobs` tells the person who asked for it. */
interface JobNews {
  id: string;
  kind: string;
  state: Job["state"];
  total: number;
  exact: boolean;
  done: number;
  failed: number;
  trouble: string;
}

/** Take a job out of the tray. */
export function dropJob(id: string): void {
  jobs.change((old) => old.filter((one) => one.id !== id));
}

const isOver = (job: Job) => job.state !== "waiting" && job.state !== "running";

/** Long work: progress, cancel, result. */
export function JobTray() {
  const { t } = useTranslation();
  const all = useStore(jobs);
  useLive<JobNews>("jobs", (news) => {
    const known = jobs.read().find((job) => job.id === news.id);
    showJob({
      title: t(`jobs.kinds.${news.kind}`, { defaultValue: news.kind }),
      ...known,
      id: news.id,
      done: news.done + news.failed,
      total: news.total,
      failed: news.failed,
      state: news.state,
    });
  });
  const running = all.filter((job) => !isOver(job)).length;
  const list =
    all.length === 0 ? (
      <p className="muted">{t("jobs.none")}</p>
    ) : (
      <ul className="jobs">
        {all.map((job) => (
          <JobLine key={job.id} job={job} />
        ))}
      </ul>
    );
  return (
    <Popover trigger="click" placement="bottomRight" title={t("jobs.title")} content={list}>
      <Badge count={running} size="small" offset={[-6, 6]}>
        <Button
          type="text"
          icon={running > 0 ? <LoadingOutlined /> : <ScheduleOutlined />}
          aria-label={t("jobs.title")}
        />
      </Badge>
    </Popover>
  );
}

function JobLine({ job }: { job: Job }) {
  const { t } = useTranslation();
  const percent = job.total ? Math.floor((job.done / job.total) * 100) : isOver(job) ? 100 : 0;
  return (
    <li>
      <div className="job-head">
        <b>{job.title}</b>
        {!isOver(job) && job.cancel && (
          <Button size="small" onClick={job.cancel}>
            {t("acts.cancel")}
          </Button>
        )}
        {isOver(job) && job.to && <Link to={job.to}>{t("acts.view")}</Link>}
        {isOver(job) && job.href && (
          <a href={job.href} download>
            {t("jobs.download")}
          </a>
        )}
      </div>
      <Progress
        percent={percent}
        size="small"
        showInfo={false}
        status={job.state === "failed" ? "exception" : isOver(job) ? "success" : "active"}
        aria-label={job.title}
      />
      <span className="muted">
        {t(`jobs.${job.state}`)} · {count(job.done)}
        {job.total === undefined ? "" : ` / ${count(job.total)}`}
        {job.failed ? ` · ${t("jobs.failures", { count: job.failed })}` : ""}
      </span>
    </li>
  );
}
