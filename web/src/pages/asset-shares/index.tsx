import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { useAsked } from "@/parts/use-asked";
import { useMay } from "@/session";
import { Budgets } from "./budgets";
import { Exports } from "./exports";
import { Grants } from "./grants";
import { Rules } from "./rules";
import { Watermarks } from "./watermarks";
import "@/parts/protection/protection.css";

const TABS = ["exports", "grants", "budgets", "watermarks", "rules"] as const;
type Tab = (typeof TABS)[number];

/** 共享与水印: what left and what waits, who holds what until when, budgets, copies, clauses. */
export default function AssetShares() {
  const { t } = useTranslation("assetShares");
  const { asked, ask } = useAsked();
  const mayTrace = useMay("asset.trace");
  const mayCount = useMay("asset.aggregate");
  const tabs = TABS.filter(
    (one) => (one !== "watermarks" || mayTrace) && (one !== "budgets" || mayCount),
  );
  const tab = tabs.find((one) => one === asked("tab")) ?? "exports";
  return (
    <>
      <PageHead fact={t("fact")} />
      <Segmented<Tab>
        className="protection-tabs"
        aria-label={t("tab")}
        value={tab}
        options={tabs.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
        onChange={(value) => ask({ tab: value }, true)}
      />
      {tab === "exports" && <Exports />}
      {tab === "grants" && <Grants />}
      {tab === "budgets" && <Budgets />}
      {tab === "watermarks" && <Watermarks />}
      {tab === "rules" && <Rules />}
    </>
  );
}
