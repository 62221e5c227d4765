import { useTranslation } from "react-i18next";
import type { ReasonsReport } from "@/api/types.gen";
import { count } from "@/format";
import { useReasonName } from "./words";

interface Props {
  report: ReasonsReport;
  chosen: string;
  onChoose: (code: string) => void;
}

/** Cases by reason; a bar filters the list. */
export function ReasonBars({ report, chosen, onChoose }: Props) {
  const { t } = useTranslation("returnReasons");
  const name = useReasonName();
  const rows = report.report.counts.map((one) => ({ ...one, all: one.named + one.confirmed }));
  const most = Math.max(1, ...rows.map((one) => one.all));
  const { reviewed, right } = report.report;
  if (rows.length === 0) return <p className="note">{t("noneNamed")}</p>;
  return (
    <>
      <ul className="return-reasons-bars">
        {rows.slice(0, 12).map((one) => (
          <li key={one.code}>
            <button type="button" aria-pressed={one.code === chosen} onClick={() => onChoose(one.code)}>
              <span>{name(one.code)}</span>
              <i aria-hidden style={{ width: `${(100 * one.all) / most}%` }} />
              <b>{count(one.all)}</b>
            </button>
          </li>
        ))}
      </ul>
      {reviewed > 0 && <p className="note">{t("reviewed", { reviewed: count(reviewed), right: count(right) })}</p>}
    </>
  );
}
