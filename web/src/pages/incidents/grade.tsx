import { FireOutlined, FlagOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { leftWords } from "@/format/times";
import { useNow } from "@/live/use-live";
import { ToneTag } from "@/parts/status-tag";
import { toneOf } from "./words";

/** 红 黄 蓝: icon, word and colour say the same. */
export function Grade({ grade }: { grade: string }) {
  const { t } = useTranslation("incidents");
  const Icon = grade === "red" ? FireOutlined : FlagOutlined;
  return (
    <ToneTag tone={toneOf(grade)}>
      <Icon aria-hidden /> {t(`grades.${grade}`)}
    </ToneTag>
  );
}

/** 剩 4 分, red once it has passed. */
export function Limit({ due }: { due: string }) {
  const { t } = useTranslation("incidents");
  const dueMs = Date.parse(due);
  const now = useNow(dueMs);
  const isOver = dueMs < now;
  return (
    <span className="incidents-limit" data-over={isOver} data-near={dueMs - now < 900_000}>
      {isOver ? leftWords(due, now) : t("left", { time: leftWords(due, now) })}
    </span>
  );
}
