import { useTranslation } from "react-i18next";
import type { CampaignFigures } from "@/api/types.gen";
import { signed } from "./words";

const WIDTH = 480;
const HEIGHT = 44;
const MIDDLE = 18;
const LEAST_SPAN = 100;

interface Props {
  figures: CampaignFigures;
  /** The least effect that is worth it, thousandths. */
  least: number;
}

/** The effect as a dot, its 95 % interval, the one that holds however often one looks, and zero. */
export function Interval({ figures, least }: Props) {
  const { t } = useTranslation("associations");
  const ends = [figures.always_low, figures.always_high, figures.low, figures.high, least, 0];
  const low = Math.min(...ends, -LEAST_SPAN / 2);
  const high = Math.max(...ends, LEAST_SPAN / 2);
  const x = (thousandths: number) => 10 + ((thousandths - low) / (high - low)) * (WIDTH - 20);
  const label = t("effect", {
    effect: signed(figures.effect),
    low: signed(figures.low),
    high: signed(figures.high),
  });
  return (
    <svg className="associations-interval" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <line className="zero" x1={x(0)} x2={x(0)} y1={4} y2={32} />
      <line className="least" x1={x(least)} x2={x(least)} y1={4} y2={32} />
      <line className="always" x1={x(figures.always_low)} x2={x(figures.always_high)} y1={MIDDLE} y2={MIDDLE} />
      <line className="usual" x1={x(figures.low)} x2={x(figures.high)} y1={MIDDLE} y2={MIDDLE} />
      <circle cx={x(figures.effect)} cy={MIDDLE} r={5} />
      <text x={x(0)} y={42} textAnchor="middle">
        0
      </text>
    </svg>
  );
}
