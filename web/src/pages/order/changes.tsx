import { useTranslation } from "react-i18next";
import type { Difference } from "@/api/types.gen";
import { duration, money, points } from "@/format";
import { ToneTag } from "@/parts/status-tag";

/** What one plan costs, takes and risks beside another. */
export function Changes({ difference }: { difference: Difference }) {
  const { t } = useTranslation("order");
  const { total_fen, arrive_min, on_time_permille } = difference;
  if (difference.is_same_plan && total_fen === 0) return <p>{t("trial.same")}</p>;
  return (
    <p className="order-changes">
      <ToneTag tone={total_fen > 0 ? "risk" : "kept"}>
        {t("trial.cost", { change: signed(money(total_fen), total_fen) })}
      </ToneTag>
      {arrive_min !== null && arrive_min !== 0 && (
        <ToneTag tone={arrive_min > 0 ? "risk" : "kept"}>
          {t(arrive_min > 0 ? "trial.later" : "trial.sooner", {
            time: duration(arrive_min * 60_000),
          })}
        </ToneTag>
      )}
      {on_time_permille !== null && on_time_permille !== 0 && (
        <ToneTag tone={on_time_permille < 0 ? "risk" : "kept"}>
          {t("trial.odds", { change: points(on_time_permille / 1000) })}
        </ToneTag>
      )}
      {difference.is_same_plan && <span className="note">{t("trial.samePlan")}</span>}
    </p>
  );
}

function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text;
}
