import { Segmented } from "antd";
import { useTranslation } from "react-i18next";

/** 全部 or 我的: what the person, or a role of theirs, owns. */
export function Mine({ isMine, onChange }: { isMine: boolean; onChange: (is: boolean) => void }) {
  const { t } = useTranslation("coe");
  return (
    <Segmented
      aria-label={t("whose")}
      value={isMine ? "mine" : "all"}
      options={[
        { value: "all", label: t("all") },
        { value: "mine", label: t("mine") },
      ]}
      onChange={(value) => onChange(value === "mine")}
    />
  );
}
