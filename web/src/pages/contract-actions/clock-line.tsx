import { useTranslation } from "react-i18next";
import type { Clock, Vocabulary } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { readSpan } from "./model";

/** The clock as a line: start, what pauses it, warnings, due. */
export function ClockLine({ clock, words }: { clock: Clock; words: Vocabulary }) {
  const { t } = useTranslation("contractActions");
  const event = (code: string) => {
    const known = words.events.find((one) => one.code === code);
    return known ? byLocale(known.zh, known.en) : code;
  };
  const span = readSpan(clock.limit ?? "");
  const due = clock.until
    ? t("clock.untilWords", { count: clock.until.days, time: clock.until.time })
    : span
      ? `${span.count} ${t(`units.${span.unit}`)}`
      : (clock.limit ?? "");
  const levels = (clock.warn ?? []).filter((level) => typeof level === "number");
  const pause = clock.pause?.[0];
  return (
    <div className="action-clock-line" role="img" aria-label={t("clock.line", { start: event(clock.start), stop: event(clock.stop), due })}>
      <div className="action-clock-words">
        <span>
          {t("clock.start")} <b>{event(clock.start)}</b>
        </span>
        {pause && <span>{t("clock.pausedBy", { event: event(pause.on) })}</span>}
        <span data-tone="broken">
          {t("clock.due")} <b>{due}</b>
        </span>
      </div>
      <div className="action-clock-bar">
        {pause && <i className="action-clock-pause" />}
        {levels.map((level) => (
          <i key={level} className="action-clock-warn" style={{ left: `${level / 10}%` }} />
        ))}
      </div>
      <div className="action-clock-words">
        <span>
          {t("clock.stop")} <b>{event(clock.stop)}</b>
        </span>
        {levels.length > 0 && <span>{t("clock.warnsAt", { levels: levels.map((l) => `${l / 10}%`).join(" ") })}</span>}
        <span>{t("clock.errorBand")}</span>
      </div>
    </div>
  );
}
