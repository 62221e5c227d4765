import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import "./orders.css";
import { useViews } from "./use-views";
import { Workbench } from "./workbench";

/** 订单工作台: opens with the person's view; the address says all that a colleague must see. */
export default function Orders() {
  const { t } = useTranslation("orders");
  const { views, view, open } = useViews();
  if (view && views.data) {
    return (
      <Workbench
        key={view.id}
        views={views.data.items}
        view={view}
        onOpen={open}
      />
    );
  }
  return (
    <>
      <PageHead {...(views.isLoading ? { fact: t("loading") } : {})} />
      {views.error ? (
        <ProblemNote problem={asProblem(views.error)} onRetry={() => void views.refetch()} />
      ) : (
        <Skeleton kind="rows" rows={12} />
      )}
    </>
  );
}
