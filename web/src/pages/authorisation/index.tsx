import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { readPoliciesOptions } from "@/api/@tanstack/react-query.gen";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { Draft } from "./draft";
import { Shipped } from "./shipped";
import { Versions } from "./versions";
import { Who } from "./who";
import "./authorisation.css";

/** 授权: who may do what, by which policy; the merchant's own policies and what a draft would change. */
export default function Authorisation() {
  const { t } = useTranslation("authorisation");
  const { asked, ask } = useAsked();
  const read = useQuery(readPoliciesOptions());
  const policies = read.data;
  return (
    <>
      <PageHead
        fact={
          policies &&
          t(policies.version ? "fact" : "factShipped", {
            version: policies.version,
            shipped: policies.shipped.length,
          })
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="page" />}
      {policies && (
        <Tabs
          className="rights-tabs"
          activeKey={asked("tab") || "who"}
          onChange={(tab) => ask({ tab: tab === "who" ? "" : tab })}
          items={[
            { key: "who", label: t("tabs.who"), children: <Who actions={policies.actions} /> },
            {
              key: "own",
              label: t("tabs.own"),
              children: <Draft policies={policies} />,
            },
            {
              key: "shipped",
              label: t("tabs.shipped"),
              children: <Shipped policies={policies} />,
            },
            {
              key: "versions",
              label: t("tabs.versions"),
              children: <Versions policies={policies} />,
            },
          ]}
        />
      )}
    </>
  );
}
