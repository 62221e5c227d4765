import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Modalities, PerceiverChains, Perceivers, PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { ChainCard } from "./chain-card";
import { Detail } from "./detail";
import { ServiceTable } from "./list";
import { CHAINS, isNearlySpent, KEY, nameOfChain, PATH, price, REST_MS, sorted, standingOf } from "./model";
import { RegisterForm } from "./register-form";
import { Ways } from "./ways";
import "./modalities.css";

const FAILING = ["open", "probing", "ailing"];

/** 多模态接入中心: what fails first, then how near each way is to running by itself, then services. */
export default function ModalitiesPage() {
  const { t } = useTranslation("modalities");
  const mayWrite = useMay("modality.write");
  const { asked, ask: go } = useAsked();
  const [edited, edit] = useState<PerceiverView | "new" | null>(null);
  const listed = usePolled<Perceivers>("services", PATH);
  const ordered = usePolled<PerceiverChains>("chains", CHAINS);
  const ways = usePolled<Modalities>("ways", "/v1/modalities");
  const items = sorted(listed.data?.items ?? []);
  const chains = ordered.data?.items ?? [];
  const shown = items.find((one) => one.id === asked("id"));
  const failing = items.filter((one) => FAILING.includes(standingOf(one)));
  const spent = items.filter((one) => one.state === "active" && isNearlySpent(one));
  const cost = items.reduce((sum, one) => sum + one.health.cost_today, 0);
  const problem = listed.error ?? ordered.error ?? ways.error;
  const retry = () => void Promise.all([listed.refetch(), ordered.refetch(), ways.refetch()]);
  return (
    <>
      <PageHead
        fact={
          listed.data &&
          t("fact", { n: items.filter((one) => !one.default).length, failing: failing.length, cost: price(cost) })
        }
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => edit("new")}>
              {t("register")}
            </Button>
          )
        }
      />
      {problem && <ProblemNote problem={asProblem(problem)} onRetry={retry} />}
      {listed.isLoading && <Skeleton kind="page" rows={8} />}
      {listed.data && (
        <div className="modalities">
          {failing.length > 0 && (
            <Alert
              type="error"
              showIcon
              title={t("failingNote", { names: failing.map((one) => one.title).join("、") })}
              description={t("failingMeans")}
            />
          )}
          {spent.length > 0 && (
            <Alert
              type="warning"
              showIcon
              title={t("spentNote", { names: spent.map((one) => one.title).join("、") })}
            />
          )}
          {ways.data && <Ways items={ways.data.items} />}
          <ServiceTable
            items={items}
            shown={shown?.id ?? ""}
            onOpen={(one) => go({ id: one.id }, true)}
          />
          {shown && (
            <Detail
              key={shown.id}
              one={shown}
              mayWrite={mayWrite}
              onEdit={() => edit(shown)}
              onClose={() => go({ id: "" })}
            />
          )}
          {chains.map((chain) => (
            <ChainCard key={nameOfChain(chain)} chain={chain} services={items} mayWrite={mayWrite} />
          ))}
        </div>
      )}
      {edited && <RegisterForm one={edited === "new" ? null : edited} onClose={() => edit(null)} />}
    </>
  );
}

function usePolled<T>(name: string, path: string) {
  return useQuery({
    queryKey: [...KEY, name],
    queryFn: ({ signal }) => ask<T>(path, { signal }),
    refetchInterval: REST_MS,
  });
}
