import { CheckCircleOutlined, WarningOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import type { MasterSummary } from "./masters";

const PARTS = [
  ["no_price", "/settings/masters?lacks=price"],
  ["no_weight", "/settings/masters?lacks=weight"],
  ["no_barcode", "/settings/masters?lacks=barcode"],
  ["no_lane_from", "/settings/masters?kind=warehouses"],
  ["no_lane_to", "/settings/masters?kind=regions"],
] as const;

interface Props {
  summary: MasterSummary | undefined;
  error: unknown;
}

/** What is incomplete, each with the way to it; or that nothing is. */
export function Incomplete({ summary, error }: Props) {
  const { t } = useTranslation("masters");
  if (error && !summary) return <ProblemNote problem={asProblem(error)} />;
  if (!summary) return <Skeleton kind="rows" rows={1} />;
  const found = PARTS.filter(([name]) => summary[name] > 0);
  if (found.length === 0) {
    return (
      <p className="masters-whole">
        <CheckCircleOutlined /> {t("whole")}
      </p>
    );
  }
  return (
    <ul className="masters-incomplete" aria-label={t("incomplete")}>
      {found.map(([name, to]) => (
        <li key={name}>
          <Link to={to}>
            <WarningOutlined /> {t(`parts.${name}`, { n: count(summary[name]) })}
          </Link>
        </li>
      ))}
      {!summary.exact && <li className="note">{t("about")}</li>}
    </ul>
  );
}
