import { useQuery } from "@tanstack/react-query";
import { Button, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import type { JobView, LateRiskPage, LearnedModelPage } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count, dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Habits } from "./habits";
import { Lanes } from "./lanes";
import { Models } from "./models";
import { Risks } from "./risks";
import { KEY, STANDING_KEY, TRAINING_KEY } from "./words";
import "./order-risks.css";

const TABS = ["risks", "lanes", "habits", "models"] as const;
type Tab = (typeof TABS)[number];
const LOOK_MS = 2_000;
const REST_MS = 60_000;

/** 时效与风险: which open orders may break a promise, which lanes got slower, who says so. */
export default function OrderRisks() {
  const { t } = useTranslation("order-risks");
  const { asked, ask } = useAsked();
  const tab = TABS.find((one) => one === asked("tab")) ?? "risks";
  const standing = useQuery({
    queryKey: STANDING_KEY,
    queryFn: ({ signal }) => fetchJson<LateRiskPage>("/v1/learning/risks?limit=1", { signal }),
    refetchInterval: REST_MS,
  });
  const told = standing.data;
  const panes: Record<Tab, () => React.ReactNode> = {
    risks: () => <Risks />,
    lanes: () => <Lanes />,
    habits: () => <Habits />,
    models: () => <Models />,
  };
  return (
    <>
      <PageHead
        fact={
          told?.asked
            ? t("fact", { risk: count(told.at_risk), orders: count(told.orders), when: dated(told.asked) })
            : told && t("never")
        }
        actions={<Train />}
      />
      {told?.trouble && (
        <p role="alert" className="order-risks-fallen">
          <ToneTag tone="risk">{t("failed")}</ToneTag> {told.trouble}
        </p>
      )}
      <Tabs
        activeKey={tab}
        onChange={(key) => ask({ tab: key, order: "", model: "" })}
        items={TABS.map((key) => ({
          key,
          label: t(`tabs.${key}`),
          children: key === tab ? panes[key]() : null,
        }))}
      />
    </>
  );
}

function Train() {
  const { t } = useTranslation("order-risks");
  const mayWrite = useMay("forecast.write");
  const { done, failed } = useNotice();
  const models = useQuery({
    queryKey: TRAINING_KEY,
    queryFn: ({ signal }) => fetchJson<LearnedModelPage>("/v1/learning/models?limit=1", { signal }),
    refetchInterval: (state) => (state.state.data?.training ? LOOK_MS : REST_MS),
  });
  if (!mayWrite) return null;
  const training = models.data?.training;
  const send = async () => {
    try {
      if (training) await fetchJson<JobView>(`/v1/jobs/${training}/cancel`, { method: "POST" });
      else await fetchJson<JobView>("/v1/learning/train", { method: "POST", json: {} });
      done(t(training ? "cancelled" : "begun"));
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <Button type={training ? "default" : "primary"} onClick={() => void send()}>
      {t(training ? "cancel" : "train")}
    </Button>
  );
}
