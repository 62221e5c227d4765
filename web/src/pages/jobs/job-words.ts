import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { JobView } from "@/api/types.gen";
import { count } from "@/format";
import { undoneBy } from "@/parts/jobs";

type Tone = "broken" | "primary" | "risk" | "kept";

export const JOBS_KEY = ["jobs"] as const;

/** How far a job has come, 0 to 100. */
export function percentOf(job: JobView): number {
  if (job.ended) return 100;
  return job.total > 0 ? Math.min(99, Math.floor(((job.done + job.failed) / job.total) * 100)) : 0;
}

/** What a job is, in words. */
export function useJobWords() {
  const { t } = useTranslation(["jobs", "common"]);
  return useMemo(
    () => ({
      kind: (job: JobView) => {
        const what = job.undoes ? undoneBy(job.act) : job.act || job.kind;
        const name = t(`common:jobs.kinds.${what}`, { defaultValue: what });
        if (job.undoes) return t("common:jobs.kinds.undoes").replace("{}", name);
        return job.form ? `${name} ${job.form.toUpperCase()}` : name;
      },
      state: (job: JobView) => t(`common:jobs.${job.state}`),
      progress: (job: JobView) => {
        const done = count(job.done + job.failed);
        const total = job.exact ? count(job.total) : t("common:jobs.about", { n: count(job.total) });
        return job.total > 0 ? `${done} / ${total}` : done;
      },
      tone: (job: JobView): Tone => {
        if (job.state === "failed") return "broken";
        if (!job.ended) return "primary";
        return job.failed > 0 ? "risk" : "kept";
      },
    }),
    [t],
  );
}
