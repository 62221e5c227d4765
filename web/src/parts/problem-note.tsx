import { CloseCircleFilled, ExclamationCircleFilled } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { byLocale } from "@/i18n";
import type { Problem } from "@/problem";

/**
 * The words for a problem: the hub's reason where it gave one, else the words of its code. What the
 * hub says in detail is English and for those who build; it is the tooltip.
 */
export function useProblemWords() {
  const { t, i18n } = useTranslation(["problems", "common", "rights"]);
  return (problem: Problem): string => {
    if (problem.reason) return byLocale(problem.reason, problem.reasonEn);
    const right = String(problem.parameters.right ?? problem.parameters.action ?? "");
    const code = problem.code === "forbidden" && !right ? "forbiddenAny" : problem.code;
    const values = {
      ...problem.parameters,
      right: t(`rights:${right}`, { defaultValue: right }),
      seconds: problem.retryAfterS || 3,
      pointer: problem.pointer || "—",
    };
    return t(i18n.exists(`problems:${code}`) ? code : "other", values);
  };
}

interface Props {
  problem: Problem;
  onRetry?: () => void;
}

/** What failed, in words, with the number to quote; after 429 it goes on by itself. */
export function ProblemNote({ problem, onRetry }: Props) {
  const { t } = useTranslation(["problems", "common"]);
  const words = useProblemWords();
  const [left, setLeft] = useState(problem.retryAfterS || 3);
  const waits = problem.status === 429 && onRetry !== undefined;
  useEffect(() => {
    if (!waits) return undefined;
    if (left <= 0) {
      onRetry();
      return undefined;
    }
    const timer = setTimeout(() => setLeft(left - 1), 1_000);
    return () => clearTimeout(timer);
  }, [waits, left, onRetry]);
  const text = waits ? t("busy", { seconds: left }) : words(problem);
  const isCalm = problem.status === 429 || problem.status === 403;
  return (
    <div className="problem" role="alert" data-tone={isCalm ? "risk" : "broken"}>
      {isCalm ? <ExclamationCircleFilled /> : <CloseCircleFilled />}
      <span title={problem.detail || undefined}>
        {text}
        {problem.errors.length > 0 && ` ${t("errors", { count: problem.errors.length })}`}
        {problem.requestId && (
          <span className="problem-number"> · {t("number", { id: problem.requestId.slice(0, 8) })}</span>
        )}
      </span>
      {onRetry && problem.status !== 403 && (
        <Button size="small" onClick={onRetry}>
          {t("common:acts.retry")}
        </Button>
      )}
    </div>
  );
}
