import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { JobView } from "@/api/types.gen";
import { count } from "@/format";
import { actOnJob, isOver, readJob, showHubJob, type HubJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { renew } from "./use-rows";

const FIRST_LOOK_MS = 400;
const LAST_LOOK_MS = 4_000;
/** The list of the hub is a moment behind what was done. */
const SETTLED_MS = 900;

/** Show a job in the tray, and say at its end what it has done; undo is offered where there is one. */
export function useJobEnd(): (job: JobView | HubJob) => void {
  const { t } = useTranslation(["orders", "common"]);
  const { done } = useNotice();
  return useCallback(
    (begun) => {
      const word = (name: string) => t(`common:jobs.kinds.${name}`, { defaultValue: name });
      const follow = (job: HubJob, wait_ms: number) => {
        showHubJob(job, word);
        if (isOver(job)) tell(job);
        else {
          setTimeout(() => {
            readJob(job.id).then(
              (next) => follow(next, Math.min(LAST_LOOK_MS, wait_ms * 1.5)),
              () => follow(job, LAST_LOOK_MS),
            );
          }, wait_ms);
        }
      };
      const tell = (job: HubJob) => {
        void renew();
        setTimeout(() => void renew(), SETTLED_MS);
        if (job.kind !== "bulk") return;
        const act = job.undoes ? "undone" : job.act;
        const words = [t(`done.${act}`, { number: count(job.done) })];
        if (job.failed > 0) words.push(t("done.failed", { number: count(job.failed) }));
        if (job.state === "cancelled") words.push(t("done.stopped"));
        const undo = () => actOnJob(job.id, "undo").then((next) => follow(next, FIRST_LOOK_MS));
        done(words.join(t("done.comma")), {
          ...(job.failed > 0 || !job.can.includes("undo") ? { to: `/jobs/${job.id}` } : {}),
          ...(job.can.includes("undo") ? { undo } : {}),
        });
      };
      follow(begun as HubJob, FIRST_LOOK_MS);
    },
    [t, done],
  );
}
