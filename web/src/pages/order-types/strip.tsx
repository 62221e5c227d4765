import { InboxOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import type { OrderType } from "@/api/types.gen";
import { byLocale } from "@/i18n";

interface Props {
  type: OrderType;
  picked?: number;
  onPick?: (at: number) => void;
  /** How many orders are in each stage now. */
  counts?: Record<string, number>;
}

/** The stages of a type in a row, with what leads from one into the next. */
export function StageStrip({ type, picked, onPick, counts }: Props) {
  const { t } = useTranslation("order-types");
  const held = type.stages.findIndex((one) => one.reserve);
  return (
    <ol className="order-types-strip" aria-label={t("strip")}>
      {type.stages.map((stage, at) => (
        <li key={stage.name}>
          <span className="order-types-arrow">{t(`enters.${stage.enters.replace(".", "_")}`)}</span>
          <button
            type="button"
            aria-pressed={picked === at}
            disabled={!onPick}
            onClick={() => onPick?.(at)}
          >
            <b>{byLocale(stage.words.zh ?? "", stage.words.en ?? "") || stage.name}</b>
            <span className="note">
              {counts?.[stage.name]
                ? t("orders", { count: counts[stage.name] })
                : t("opens", { count: stage.open?.length ?? 0 })}
            </span>
            {held >= 0 && at >= held && (
              <span className="note">
                <InboxOutlined aria-hidden /> {t("holds")}
              </span>
            )}
          </button>
        </li>
      ))}
    </ol>
  );
}
