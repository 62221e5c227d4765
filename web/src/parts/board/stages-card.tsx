import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Overview } from "@/api/types.gen";
import { count, duration } from "@/format";
import { Card } from "@/parts/card";
import type { Tone } from "@/parts/status-tag";

/** In the order of a life; what stands still is at the end. Those marked are shown only when met. */
const STAGES: readonly (readonly [state: string, tone: Tone, rare?: boolean])[] = [
  ["placed", "excused"],
  ["confirmed", "excused", true],
  ["paid", "risk"],
  ["allocated", "primary"],
  ["released", "primary"],
  ["picked", "primary"],
  ["packed", "primary"],
  ["shipped", "primary"],
  ["delivered", "kept"],
  ["completed", "kept"],
  ["held", "pend"],
  ["return_requested", "excused", true],
  ["cancelled", "excused"],
];
const LEAST_GROW = 0.6;

/** 订单所处阶段: how many orders stand where; widths by the logarithm. */
export function StagesCard({ board }: { board: Overview }) {
  const { t } = useTranslation(["overview", "common"]);
  const counts = new Map(board.stages.map((stage) => [stage.state, stage]));
  const took = board.shipped_mean_s;
  return (
    <Card
      title={t("stages.title")}
      note={t("stages.note")}
      extra={
        <span className="note">
          {took === null ? t("stages.notShipped") : t("stages.took", { time: duration(took * 1000) })}
        </span>
      }
    >
      <ul className="board-stages">
        {STAGES.map(([state, tone, rare]) => {
          const stage = counts.get(state);
          if (!stage || (rare && stage.count === 0)) return null;
          const name = t([`common:stages.${state}`, `stages.${state}`]);
          return (
            <li key={state} style={{ flexGrow: Math.max(LEAST_GROW, Math.log10(stage.count + 1)) }}>
              <Link to={stage.link}>
                <i data-tone={tone} />
                <span>{name}</span>
                <b data-live>{count(stage.count)}</b>
              </Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
