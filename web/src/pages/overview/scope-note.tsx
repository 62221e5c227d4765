import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/types.gen";
import { count } from "@/format";

/** Leaves that the board may be behind without anyone minding: a second's worth. */
const BEHIND = 5_000;

/** Says when the figures are less than the truth. */
export function ScopeNote({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  if (board.rebuilding) return <p className="overview-note" data-tone="risk">{t("rebuilding")}</p>;
  if (board.behind > BEHIND) {
    return (
      <p className="overview-note" data-tone="risk">
        {t("behind", { facts: count(board.behind) })}
      </p>
    );
  }
  return null;
}
