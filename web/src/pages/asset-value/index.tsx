import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useAsked } from "@/parts/use-asked";
import { Assets } from "./assets";
import { Licences } from "./licences";
import { Listings } from "./listings";
import { useValues } from "./model";
import { Sheet } from "./sheet";
import "./asset-value.css";

const TABS = ["assets", "licences", "listings", "sheet"] as const;
type Tab = (typeof TABS)[number];

/** 权属与估值: whose each asset is, who may use it, what it is worth, how it stands in the books. */
export default function AssetValue() {
  const { t } = useTranslation("assetValue");
  const { asked, ask } = useAsked();
  const values = useValues();
  const items = values.data?.items;
  const tab = TABS.find((one) => one === asked("tab")) ?? "assets";
  return (
    <>
      <PageHead
        fact={
          items &&
          t("fact", {
            all: count(items.length),
            valued: count(items.filter((one) => one.version > 0).length),
            licences: count(items.reduce((sum, one) => sum + one.licences, 0)),
          })
        }
      />
      <Segmented<Tab>
        className="value-tabs"
        aria-label={t("tab")}
        value={tab}
        options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
        onChange={(value) => ask({ tab: value === "assets" ? "" : value }, true)}
      />
      {tab === "assets" && <Assets />}
      {tab === "licences" && <Licences />}
      {tab === "listings" && <Listings />}
      {tab === "sheet" && <Sheet />}
    </>
  );
}
