import { ask } from "@/client";
import { Store } from "@/frame/stores";

/** What may be done with a job now. */
export type JobCan = "cancel" | "retry" | "undo" | "download";

/** Long work as the tray shows it: 41,204 / 48,216, failed 12. */
export interface Job {
  id: string;
  title: string;
  done: number;
  /** Absent while nobody knows. */
  total?: number;
  /** False: the total is 约. */
  exact?: boolean;
  failed?: number;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  /** Where the result is: a page of the console (`to`) or a file (`href`). */
  to?: string;
  href?: string;
  /** Acts of the hub's jobs; other jobs bring their own `cancel`. */
  can?: readonly JobCan[];
  cancel?: () => void;
}

/** A job as `/v1/jobs` shows it. */
export interface HubJob {
  id: string;
  kind: string;
  act: string;
  state: Job["state"];
  total: number;
  exact: boolean;
  done: number;
  failed: number;
  undoes: boolean;
  ended: string;
  can: readonly JobCan[];
}

/** Where a job stands, as the live topic `jobs` tells it to the person who asked for it. */
export type JobNews = Pick<
  HubJob,
  "id" | "kind" | "state" | "total" | "exact" | "done" | "failed" | "ended"
>;

export const jobs = new Store<readonly Job[]>([]);

/** Whether a job has come to its end. */
export const isOver = (job: Pick<Job, "state">) =>
  job.state !== "waiting" && job.state !== "running";

/** Show a job in the tray, or what has become of it. It survives navigation. */
export function showJob(job: Job): void {
  jobs.change((old) => {
    const at = old.findIndex((one) => one.id === job.id);
    return at < 0 ? [job, ...old] : old.map((one, index) => (index === at ? job : one));
  });
}

/** Take a job out of the tray. */
export function dropJob(id: string): void {
  jobs.change((old) => old.filter((one) => one.id !== id));
}

const INVERSE: Readonly<Record<string, string>> = {
  hold: "unhold",
  unhold: "hold",
  tag: "untag",
  untag: "tag",
};

/** The act that a job takes back: the inverse of what it does. */
export const undoneBy = (act: string) => INVERSE[act] ?? act;

/** Show a job of the hub. `word` names kinds and acts. */
export function showHubJob(job: HubJob, word: (name: string) => string): void {
  const name = word(job.undoes ? undoneBy(job.act) : job.act || job.kind);
  showJob({
    id: job.id,
    title: job.undoes ? word("undoes").replace("{}", name) : name,
    done: job.done + job.failed,
    total: job.total,
    exact: job.exact,
    failed: job.failed,
    state: job.state,
    can: job.can,
    ...(job.can.includes("download") ? { href: `/v1/exports/${job.id}` } : {}),
  });
}

/** Put news of a job into the tray; gives whether the tray must ask for what may be done with it. */
export function hearJob(news: JobNews): boolean {
  const known = jobs.read().find((job) => job.id === news.id);
  if (!known || isOver(news)) return true;
  showJob({
    ...known,
    done: news.done + news.failed,
    total: news.total,
    exact: news.exact,
    failed: news.failed,
    state: news.state,
  });
  return false;
}

/** Read one job of the hub. */
export function readJob(id: string): Promise<HubJob> {
  return ask<HubJob>(`/v1/jobs/${id}`);
}

/** Read the person's last jobs, newest first. */
export async function readJobs(): Promise<readonly HubJob[]> {
  return (await ask<{ items: readonly HubJob[] }>("/v1/jobs?limit=10")).items;
}

/** Cancel, retry or undo a job of the hub; gives the job that it is or has become. */
export function actOnJob(id: string, act: "cancel" | "retry" | "undo"): Promise<HubJob> {
  return ask<HubJob>(`/v1/jobs/${id}/${act}`, { method: "POST" });
}
