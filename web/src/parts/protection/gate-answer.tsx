import { CheckOutlined, LockOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import type { GateAnswer as Answer } from "@/api/types.gen";
import { ToneTag } from "@/parts/status-tag";
import { useClauseWords } from "./protection";
import "./protection.css";

/** What the checkpoint says of a wish before it is asked: it passes, wants something, or refuses. */
export function GateAnswer({ answer }: { answer: Answer | undefined }) {
  const { t } = useTranslation("assetShares");
  const clauseWords = useClauseWords();
  if (!answer) return null;
  if (answer.state === "refused") {
    return (
      <p className="gate-answer" role="status">
        <ToneTag tone="broken">{t("gate.refused")}</ToneTag>
        <span className="note">
          {t(`codes.${answer.code}`, { defaultValue: answer.code })} · {clauseWords(answer.clause)}
        </span>
      </p>
    );
  }
  return (
    <p className="gate-answer" role="status">
      {answer.needs.length === 0 ? (
        <ToneTag tone="kept">
          <CheckOutlined /> {t("gate.passed")}
        </ToneTag>
      ) : (
        answer.needs.map((need) => (
          <ToneTag key={need.code} tone="risk">
            <LockOutlined /> {t(`needs.${need.code}`, { defaultValue: need.code })}
          </ToneTag>
        ))
      )}
      {answer.masked.length > 0 && (
        <span className="note">{t("gate.masked", { columns: answer.masked.join(t("comma")) })}</span>
      )}
    </p>
  );
}
