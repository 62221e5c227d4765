import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";

export type Grade = "A" | "B" | "C" | "D";

/** The grade of evidence as a square letter; the tooltip says what it does not show. */
export function GradeBadge({ grade }: { grade: Grade }) {
  const { t } = useTranslation();
  const words = t(`grades.${grade}`);
  return (
    <Tooltip title={words}>
      <span className="grade" data-grade={grade} role="img" aria-label={`${grade}: ${words}`}>
        {grade}
      </span>
    </Tooltip>
  );
}
