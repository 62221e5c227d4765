import { useTranslation } from "react-i18next";
import { money } from "@/format";
import { span } from "./model";

interface Props {
  low: number;
  mid: number;
  high: number;
  /** The right end of the scale, the same for all bars that are compared. */
  max_fen: number;
}

/** A range on a scale that begins at 0, with its median as a mark: never one number. */
export function RangeBar({ low, mid, high, max_fen }: Props) {
  const { t } = useTranslation("assetValue");
  const at = (fen: number) => `${max_fen > 0 ? (Math.max(0, fen) / max_fen) * 100 : 0}%`;
  const width = `${max_fen > 0 ? (Math.max(0, high - Math.max(0, low)) / max_fen) * 100 : 0}%`;
  const told = t("rangeTold", { low: money(low), mid: money(mid), high: money(high) });
  return (
    <span className="range-bar" title={told}>
      <span className="range-bar-track" role="img" aria-label={told}>
        <i className="range-bar-span" style={{ left: at(low), width }} />
        <i className="range-bar-mid" style={{ left: at(mid) }} />
      </span>
      <span className="range-bar-words">{span(low, high)}</span>
    </span>
  );
}
