import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { ask } from "@/client";
import type { PaidReviewSetting } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { PATH, SettingForm } from "./setting-form";
import "@/parts/settings.css";

const NOTES = ["held", "refuses", "late", "event"] as const;

/** 已付款协同: whom orders wait for once they are paid. */
export default function Paid() {
  const { t } = useTranslation("paid");
  const read = useQuery({
    queryKey: [PATH],
    queryFn: ({ signal }) => ask<PaidReviewSetting>(PATH, { signal }),
  });
  const found = read.data;
  return (
    <>
      <PageHead
        fact={found && (found.on ? t("on", { count: found.parties.length }) : t("off"))}
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {found && (
        <div className="settings-columns">
          <Card title={t("whom")}>
            <SettingForm key={found.version} found={found} />
          </Card>
          <Card title={t("how")}>
            <ul className="settings-notes">
              {NOTES.map((name) => (
                <li key={name}>{t(`notes.${name}`)}</li>
              ))}
            </ul>
          </Card>
        </div>
      )}
    </>
  );
}
