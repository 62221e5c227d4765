import { useMutation, useQuery } from "@tanstack/react-query";
import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { NoticeSettings } from "@/api/types.gen";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { SERVICE } from "./paths";

/** Which events the merchant's notice service hears as CloudEvents; kept as soon as it is ticked. */
export function EventsCard() {
  const { t } = useTranslation("alerts");
  const mayWrite = useMay("merchant.write");
  const notice = useNotice();
  const proven = useProven();
  const read = useQuery({
    queryKey: [SERVICE],
    queryFn: ({ signal }) => ask<NoticeSettings>(SERVICE, { signal }),
  });
  const found = read.data;
  const keep = useMutation({
    mutationFn: (events: readonly string[]) =>
      proven(() =>
        ask<NoticeSettings>(SERVICE, {
          method: "PUT",
          json: { adapter: found?.adapter ?? "", url: found?.url ?? "", events },
        }),
      ),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData([SERVICE], kept);
      notice.done(t("events.kept"));
    },
    onError: (error) => notice.failed(error),
  });
  return (
    <Card title={t("events.title")}>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {found && !found.adapter && (
        <>
          <p className="note">{t("events.none")}</p>
          <Link to="/settings/remedies">{t("events.connect")}</Link>
        </>
      )}
      {found && found.adapter && (
        <>
          <p className="note">{t("events.to", { url: found.url })}</p>
          <Checkbox.Group
            disabled={!mayWrite || keep.isPending}
            value={[...found.events]}
            onChange={(events) => keep.mutate(events)}
            options={found.topics.map((topic) => ({
              value: topic,
              label: t(`events.topics.${topic}`, { defaultValue: topic }),
            }))}
          />
          <p className="note">
            {t("events.standing", { waiting: found.waiting, lost: found.lost })}
            {found.trouble && ` · ${found.trouble}`}
          </p>
        </>
      )}
    </Card>
  );
}
