import { useTranslation } from "react-i18next";
import type { AssetExportShown } from "@/api/types.gen";
import { share } from "@/format";
import { useClauseWords } from "@/parts/protection/protection";

const MILLE = 1_000;

/** What the checkpoint says of a request, in one line. */
export function useWhy(): (one: AssetExportShown) => string {
  const { t } = useTranslation("assetShares");
  const clauseWords = useClauseWords();
  return (one) => {
    if (one.code) {
      const code = t(`codes.${one.code}`, { defaultValue: one.code });
      return one.clause ? `${code} · ${clauseWords(one.clause)}` : code;
    }
    const parts: string[] = [];
    if (one.needs.length > 0) {
      const needs = one.needs.map((need) => t(`needs.${need.code}`, { defaultValue: need.code }));
      parts.push(t("wants", { needs: needs.join(t("comma")) }));
    }
    for (const agreed of one.approvals) {
      parts.push(t("agreed", { step: t(`steps.${agreed.step}`), by: agreed.by }));
    }
    if (one.strength && one.strength.rows > 0) {
      parts.push(
        t("strength", { k: one.strength.k, risk: share(one.strength.marketer / MILLE, 1) }),
      );
    }
    if (one.note && parts.length === 0) return one.note;
    return parts.join(" · ") || t("gate.passed");
  };
}
