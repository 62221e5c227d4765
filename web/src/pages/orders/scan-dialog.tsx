import { Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { findWays } from "@/frame/going";
import type { Entry } from "@/parts/entries";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem, type Problem } from "@/problem";

/** 扫码: whatever a scanner reads or a person types goes to the order that it means. */
export default function ScanDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["orders", "common"]);
  const go = useNavigate();
  const [word, setWord] = useState("");
  const [found, setFound] = useState<readonly Entry[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const look = () => {
    const read = word.trim();
    if (!read) return;
    setProblem(null);
    findWays(read).then(
      ({ entries, only }) => {
        if (only) void go(only);
        else setFound(entries);
      },
      (error: unknown) => setProblem(asProblem(error)),
    );
  };
  return (
    <Modal open width={480} title={t("scan")} footer={null} onCancel={onClose}>
      <form
        className="orders-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          look();
        }}
      >
        <Input
          autoFocus
          size="large"
          value={word}
          autoComplete="off"
          aria-label={t("scanHint")}
          placeholder={t("scanHint")}
          onChange={(event) => {
            setWord(event.target.value);
            setFound(null);
          }}
        />
        {problem && <ProblemNote problem={problem} />}
        {found && found.length === 0 && <p role="status">{t("scanNone", { word: word.trim() })}</p>}
        {found && found.length > 0 && (
          <ul className="orders-found" aria-label={t("scanSome")}>
            {found.map((entry) => (
              <li key={entry.id}>
                <Link to={entry.to ?? "/"}>{entry.label}</Link>{" "}
                <span className="muted">{entry.note}</span>
              </li>
            ))}
          </ul>
        )}
      </form>
    </Modal>
  );
}
