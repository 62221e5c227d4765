import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AfterSaleSettingsShown } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { CarrierTermsCard } from "./carrier-terms";
import { KEY, PATH, SettingsForm } from "./settings-form";
import { TimesCard } from "./times";
import "@/parts/settings.css";
import "./after-sale-settings.css";

/** 售后设置: who decides up to which amount, what buyers may ask for, times, what carriers pay. */
export default function AfterSaleSettings() {
  const { t } = useTranslation("after-sale-settings");
  const read = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<AfterSaleSettingsShown>(PATH, { signal }),
  });
  const found = read.data;
  return (
    <>
      <PageHead
        fact={
          found &&
          [
            found.auto_fen > 0 ? t("factAuto", { amount: money(found.auto_fen) }) : t("factNever"),
            t("factSecond", { amount: money(found.second_fen) }),
            t(found.by_link ? "factLink" : "factNoLink"),
          ].join(" · ")
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {found && (
        <div className="after-sale-settings">
          <SettingsForm key={read.dataUpdatedAt} found={found} />
          <TimesCard />
          <CarrierTermsCard />
        </div>
      )}
    </>
  );
}
