import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CompensationPage, RemedySettings } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { AsksCard, NoticeCard } from "./asks-card";
import { KEY, PATH, SettingsForm } from "./settings-form";
import "@/parts/settings.css";

const PAGE_ROWS = 100;

/** 违约补偿: up to which amount policy pays by itself, and through which payment service. */
export default function Remedies() {
  const { t } = useTranslation("remedies");
  const mayPromises = useMay("promise.read");
  const read = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<RemedySettings>(PATH, { signal }),
  });
  const found = read.data;
  return (
    <>
      <PageHead
        fact={
          found &&
          [
            t(found.adapter ? "serviceOn" : "serviceOff"),
            found.adapter && found.auto_fen > 0
              ? t("autoTo", { amount: money(found.auto_fen) })
              : t("autoNever"),
          ].join(" · ")
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {found && (
        <div className="settings-columns">
          <SettingsForm
            key={`${found.adapter} ${found.url} ${found.auto_fen}`}
            found={found}
          />
          <Card title={t("meaning")}>
            <ul className="settings-notes">
              {(["owed", "auto", "key", "amount"] as const).map((name) => (
                <li key={name}>{t(`notes.${name}`)}</li>
              ))}
            </ul>
            {mayPromises && <Waiting />}
          </Card>
          <NoticeCard />
          <AsksCard />
        </div>
      )}
    </>
  );
}

/** What was approved and not paid yet: a service that refuses shows here. */
function Waiting() {
  const { t } = useTranslation("remedies");
  const list = useQuery({
    queryKey: ["compensations", "approved"],
    queryFn: ({ signal }) =>
      ask<CompensationPage>(`/v1/compensations?state=approved&limit=${PAGE_ROWS}`, { signal }),
  });
  if (list.error)
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  const items = list.data?.items ?? [];
  const stuck = items.filter((one) => one.is_stuck);
  return (
    <p className="note settings-foot">
      {items.length === 0
        ? t("noneWaits")
        : t(list.data?.next ? "waitsMany" : "waits", { count: items.length, stuck: stuck.length })}{" "}
      <Link to="/promises/gaps?state=broken">{t("toBoard")}</Link>
    </p>
  );
}
