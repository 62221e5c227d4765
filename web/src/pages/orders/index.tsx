import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { useViews, type View } from "./views";
import { Workbench } from "./workbench";
import type { Words } from "./order-row";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import "./orders.css";

/** 订单工作台: opens with the person's view; the address says all that a colleague must see. */
export default function Orders() {
  const { t } = useTranslation("orders");
  const [params, setParams] = useSearchParams();
  const views = useViews();
  const words = useQuery({
    queryKey: ["workbench", "words"],
    queryFn: () => ask<Words>("/v1/workbench/words"),
    staleTime: 60_000,
  });
  const [kept, setKept] = useState<string>();
  const id = params.get("view") ?? kept ?? views.data?.first;
  const view = useMemo(
    () => views.data?.items.find((one) => one.id === id) ?? views.data?.items[0],
    [views.data, id],
  );
  useEffect(() => {
    if (view && kept === undefined) setKept(view.id);
  }, [view, kept]);

  function pick(next: View) {
    setKept(next.id);
    setParams({ view: next.id });
  }

  if (views.error) {
    return (
      <>
        <PageHead />
        <ProblemNote problem={asProblem(views.error)} onRetry={() => void views.refetch()} />
      </>
    );
  }
  if (!view || !views.data) {
    return (
      <>
        <PageHead fact={t("loading")} />
        <Skeleton kind="rows" rows={12} />
      </>
    );
  }
  return (
    <Workbench
      key={`${view.id} ${view.version}`}
      views={views.data.items}
      view={view}
      words={words.data}
      onPick={pick}
    />
  );
}
