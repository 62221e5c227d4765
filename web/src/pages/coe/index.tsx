import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { useAsked } from "@/parts/use-asked";
import { useSession } from "@/session";
import { Backlog } from "./backlog";
import { Experiments } from "./experiments";
import { Goals } from "./goals";
import { Maturity } from "./maturity";
import { Review } from "./review";
import "./coe.css";

const TABS = ["review", "goals", "backlog", "experiments", "maturity"] as const;
type Tab = (typeof TABS)[number];
/** What a role looks at first; anybody else begins with the review. */
const FIRST: Readonly<Record<string, Tab>> = {
  legal: "goals",
  service: "backlog",
  sre: "maturity",
  planner: "goals",
};

/** 订单卓越中心: what got better and worse, which decisions paid, and what is done about it. */
export default function Coe() {
  const { t } = useTranslation("coe");
  const { asked, ask } = useAsked();
  const { person } = useSession();
  const first = person.roles.map((role) => FIRST[role]).find(Boolean);
  const isLead = person.roles.includes("policy") || person.roles.includes("admin");
  const tab = TABS.find((one) => one === asked("tab")) ?? (isLead ? "review" : (first ?? "review"));
  const panes: Record<Tab, () => React.ReactNode> = {
    review: () => <Review />,
    goals: () => <Goals />,
    backlog: () => <Backlog />,
    experiments: () => <Experiments />,
    maturity: () => <Maturity />,
  };
  return (
    <>
      <PageHead fact={t("fact")} />
      <Tabs
        className="coe-tabs"
        tabBarGutter={12}
        activeKey={tab}
        onChange={(key) => ask({ tab: key, week: "" })}
        items={TABS.map((key) => ({
          key,
          label: t(`tabs.${key}`),
          children: key === tab ? panes[key]() : null,
        }))}
      />
    </>
  );
}
