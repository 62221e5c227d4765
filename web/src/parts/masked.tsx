import { Button, Input, Popover } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "@/problem";
import { ProblemNote } from "./problem-note";

/** A revealed value is masked again after this. */
export const SHOWN_MS = 60_000;
/** A reason is at least this long. */
const REASON_CHARACTERS = 2;

interface Props {
  /** The masked value as the hub gave it: 137****5620. */
  masked: string;
  /** What it is: 手机号. */
  label: string;
  /** Ask the hub for the clear value with a reason; absent when the person may not. */
  reveal?: ((reason: string) => Promise<string>) | undefined;
}

/** Personal data under its mask. Revealing asks a reason, which becomes a fact. */
export function Masked({ masked, label, reveal }: Props) {
  const { t } = useTranslation();
  const [clear, setClear] = useState<string | null>(null);
  const [isOpen, open] = useState(false);
  useEffect(() => {
    if (clear === null) return undefined;
    const timer = setTimeout(() => setClear(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [clear]);
  return (
    <span className="masked">
      <span>{clear ?? masked}</span>
      {reveal && clear === null && (
        <Popover
          trigger="click"
          open={isOpen}
          onOpenChange={open}
          title={t("masked.title", { label })}
          content={
            <Reason
              reveal={reveal}
              onShown={(value) => {
                setClear(value);
                open(false);
              }}
            />
          }
        >
          <button type="button" className="as-link">
            {t("acts.reveal")}
          </button>
        </Popover>
      )}
    </span>
  );
}

function Reason({
  reveal,
  onShown,
}: {
  reveal: (reason: string) => Promise<string>;
  onShown: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [reason, say] = useState("");
  const [isAsking, ask] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const isShort = reason.trim().length < REASON_CHARACTERS;
  const show = async () => {
    if (isShort) return;
    ask(true);
    try {
      onShown(await reveal(reason.trim()));
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      ask(false);
    }
  };
  return (
    <form
      className="reason"
      onSubmit={(event) => {
        event.preventDefault();
        void show();
      }}
    >
      <label>
        {t("masked.reason")}
        <Input value={reason} onChange={(event) => say(event.target.value)} maxLength={200} />
      </label>
      <p className="note">{t("masked.note")}</p>
      {problem && <ProblemNote problem={problem} />}
      <Button type="primary" size="small" htmlType="submit" disabled={isShort} loading={isAsking}>
        {t("acts.reveal")}
      </Button>
    </form>
  );
}
