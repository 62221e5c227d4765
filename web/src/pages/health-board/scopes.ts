import { useTranslation } from "react-i18next";
import type { HealthBoard } from "@/api/types.gen";

/** What a scope of maintenance is called: all, a metric, a far side. */
export function useScopeName(board: HealthBoard): (scope: string) => string {
  const { t } = useTranslation("health-board");
  return (scope) => {
    if (scope === "all") return t("scopeAll");
    const row = board.rows.find((one) => one.subject === scope);
    if (row) return `${t(`kinds.${row.kind}`)} · ${row.name}`;
    return board.tiles.some((one) => one.metric === scope) ? t(`metrics.${scope}`) : scope;
  };
}
