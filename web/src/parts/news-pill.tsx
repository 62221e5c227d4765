import { ArrowUpOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { count } from "@/format/numbers";

/** 新到 128 单,点此载入: what now matches waits here, so that no row jumps. */
export function NewsPill({
  news,
  unit,
  onLoad,
}: {
  news: number;
  unit: string;
  onLoad: () => void;
}) {
  const { t } = useTranslation();
  return (
    <span role="status">
      {news > 0 && (
        <button type="button" className="pill" onClick={onLoad}>
          <ArrowUpOutlined /> {t("news", { number: count(news), unit })}
        </button>
      )}
    </span>
  );
}
