import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import type { PullTrial } from "@/api/types.gen";
import { count } from "@/format";
import { timeOfDay } from "@/format/times";

/** What came of a trial: how many orders the platform listed, or why none. */
export function TrialNote({ trial }: { trial: PullTrial }) {
  const { t } = useTranslation("pulls");
  if (trial.trouble) {
    return (
      <Alert type="error" showIcon role="alert" title={t("tryFailed")} description={trial.trouble} />
    );
  }
  const span = `${timeOfDay(trial.begins).slice(0, 5)}–${timeOfDay(trial.upto).slice(0, 5)}`;
  const isWell = !trial.missing && !trial.unreadable;
  return (
    <Alert
      type={isWell ? "success" : "warning"}
      showIcon
      role="status"
      title={t("tryDone", { span, n: count(trial.listed) })}
      description={
        isWell
          ? t("tryWell")
          : [
              trial.missing ? t("tryMissing", { n: count(trial.missing), numbers: (trial.numbers ?? []).join("、") }) : "",
              trial.unreadable ? t("tryUnreadable", { n: count(trial.unreadable) }) : "",
            ]
              .filter(Boolean)
              .join(" ")
      }
    />
  );
}
