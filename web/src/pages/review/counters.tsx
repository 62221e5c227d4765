import { useTranslation } from "react-i18next";
import type { CounterShown } from "@/api/types.gen";
import { count } from "@/format";

/** What a counter is called: its modality, version, class of device. */
export function useCounterName(): (one: CounterShown) => string {
  const { t } = useTranslation("review");
  return (one) =>
    [
      t(`modalities.${one.modality}`, { defaultValue: one.modality }),
      `v${one.version}`,
      one.device_class,
    ]
      .filter(Boolean)
      .join(" ");
}

/** 沙箱进度: how near each is to running by itself. */
export function Counters({ counters, mine }: { counters: readonly CounterShown[]; mine: string }) {
  const { t } = useTranslation("review");
  const nameOf = useCounterName();
  if (counters.length === 0) return <p className="note">{t("noCounters")}</p>;
  return (
    <ul className="review-counters">
      {counters.map((one) => {
        const isAuto = one.stage === "auto";
        const share = Math.min(1, one.accepted / one.needed);
        return (
          <li key={one.key} aria-current={one.key === mine ? "true" : undefined}>
            <span title={one.models.join(" ")}>{nameOf(one)}</span>
            <span
              className="review-bar"
              role="img"
              aria-label={t("progress", { n: count(one.accepted), of: count(one.needed) })}
            >
              <i
                className={isAuto ? "auto" : one.why && one.accepted < 50 ? "anew" : ""}
                style={{ width: `${Math.max(share * 100, one.accepted > 0 ? 2 : 0)}%` }}
              />
            </span>
            <span className="num">
              {isAuto
                ? t("isAuto", { share: one.sample / 10 })
                : t("progress", { n: count(one.accepted), of: count(one.needed) })}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
