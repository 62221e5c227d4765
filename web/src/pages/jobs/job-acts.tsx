import { DownloadOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { JobView } from "@/api/types.gen";
import { actOnJob, showHubJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { JOBS_KEY } from "./job-words";

const OFFERED = ["cancel", "retry", "undo"] as const;

/** What may be done with a job now: stop it, try what failed again, take it back, fetch the file. */
export function JobActs({ job }: { job: JobView }) {
  const { t } = useTranslation(["jobs", "common"]);
  const { failed } = useNotice();
  const go = useNavigate();
  const client = useQueryClient();
  const [doing, setDoing] = useState("");
  const act = async (what: (typeof OFFERED)[number]) => {
    setDoing(what);
    try {
      const next = await actOnJob(job.id, what);
      showHubJob(next, (name) => t(`common:jobs.kinds.${name}`, { defaultValue: name }));
      await client.invalidateQueries({ queryKey: JOBS_KEY });
      // Trying again and taking back are jobs of their own.
      if (next.id !== job.id) await go(`/jobs/${next.id}`);
    } catch (error) {
      failed(error);
    } finally {
      setDoing("");
    }
  };
  return (
    <>
      {OFFERED.filter((what) => job.can.includes(what)).map((what) => (
        <Button key={what} loading={doing === what} onClick={() => void act(what)}>
          {t(`acts.${what}`)}
        </Button>
      ))}
      {job.can.includes("download") && (
        <Button type="primary" icon={<DownloadOutlined />} href={`/v1/exports/${job.id}`} download>
          {t("common:jobs.download")}
        </Button>
      )}
    </>
  );
}
