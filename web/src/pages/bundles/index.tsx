import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { useMay } from "@/session";
import { ExportCard } from "./export-card";
import { Exports } from "./exports";
import { VerifyCard } from "./verify-card";
import "./bundles.css";

/** 举证与导出: make a bundle, verify one that somebody brings, see who took which. */
export default function Bundles() {
  const { t } = useTranslation("bundles");
  const mayExport = useMay("order.evidence");
  return (
    <>
      <PageHead fact={t("fact")} />
      <div className="bundles">
        {mayExport && <ExportCard />}
        <VerifyCard />
        {mayExport && <Exports />}
      </div>
    </>
  );
}
