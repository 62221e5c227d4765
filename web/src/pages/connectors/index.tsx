import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorRoutes, Connectors, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { ConnectForm } from "./connect-form";
import { Detail } from "./detail";
import { ConnectorTable } from "./list";
import { KEY, PATH, REST_MS, ROUTES, sorted, sortedRoutes, standingOf } from "./model";
import { RouteCard } from "./route-card";
import "./connectors.css";

/** 连接器: open breakers and canaries first, then every far side and how it is. */
export default function ConnectorsPage() {
  const { t } = useTranslation("connectors");
  const mayWrite = useMay("connector.write");
  const { asked, ask: go } = useAsked();
  const [edited, edit] = useState<ConnectorView | "new" | null>(null);
  const list = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<Connectors>(PATH, { signal }),
    refetchInterval: REST_MS,
  });
  const routed = useQuery({
    queryKey: [...KEY, "routes"],
    queryFn: ({ signal }) => ask<ConnectorRoutes>(ROUTES, { signal }),
    refetchInterval: REST_MS,
  });
  const items = sorted(list.data?.items ?? []);
  const routes = sortedRoutes(routed.data?.items ?? []);
  const shown = items.find((one) => one.id === asked("id"));
  const broken = items.filter((one) => ["open", "away"].includes(standingOf(one)));
  const canaries = routes.filter((route) => route.canary).length;
  const problem = list.error ?? routed.error;
  const retry = () => {
    void list.refetch();
    void routed.refetch();
  };
  return (
    <>
      <PageHead
        fact={list.data && t("fact", { n: items.length, broken: broken.length, canaries })}
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => edit("new")}>
              {t("connect")}
            </Button>
          )
        }
      />
      {problem && <ProblemNote problem={asProblem(problem)} onRetry={retry} />}
      {list.isLoading && <Skeleton kind="page" rows={8} />}
      {list.data && (
        <div className="connectors">
          {broken.length > 0 && (
            <Alert
              type="error"
              showIcon
              title={t("brokenNote", { names: broken.map((one) => one.title).join("、") })}
              description={t("brokenMeans")}
            />
          )}
          {routes.map((route) => (
            <RouteCard key={route.capability} route={route} desks={items} />
          ))}
          <ConnectorTable
            items={items}
            routes={routes}
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
        </div>
      )}
      {edited && <ConnectForm one={edited === "new" ? null : edited} onClose={() => edit(null)} />}
    </>
  );
}
