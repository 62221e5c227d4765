import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { PageHead } from "@/frame/page-head";
import { CaseBody, useCase } from "./case-body";
import { useWords } from "./words";
import "./after-sales.css";

/** One case: what was asked, the arithmetic, the goods with their photos, what may be done now. */
export default function AfterSale() {
  const { id = "" } = useParams();
  const { t } = useTranslation("after-sales");
  const words = useWords();
  const item = useCase(id).data?.item;
  return (
    <>
      <PageHead
        back="/after-sales"
        {...(item ? { title: t("titleOf", { kind: words.kind(item), number: item.number }) } : {})}
      />
      <div className="after-sale">
        <CaseBody key={id} id={id} />
      </div>
    </>
  );
}
