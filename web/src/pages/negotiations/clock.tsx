import { useTranslation } from "react-i18next";
import { duration, exact } from "@/format";
import { useNow } from "@/live/use-live";

/** What is left until an instant, running; `at` says what then happens. */
export function Countdown({ at, word }: { at: string; word: "defaults" | "next" }) {
  const { t } = useTranslation("negotiations");
  const due = new Date(at).getTime();
  const now = useNow(due);
  const left = due - now;
  return (
    <time dateTime={at} title={exact(at)} className="negotiations-clock" data-near={left < 5_000}>
      {left > 0 ? t(`clock.${word}`, { time: duration(left) }) : t("clock.now")}
    </time>
  );
}
