import { AudioOutlined, LoadingOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { decimal } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { DraftCard } from "./draft-card";
import type { Spoken } from "./model";
import { useSpeaking } from "./use-speaking";
import "./speak.css";

const BARS = 24;
const TICK_MS = 100;

/** 语音下单: hold, say what is ordered, look at what was understood. */
export default function SpeakPage() {
  const { t } = useTranslation("speak");
  const [spoken, setSpoken] = useState<Spoken | null>(null);
  const isOnline = useOnline();
  const speaking = useSpeaking(setSpoken);
  const { phase, words, level, problem, noSound, begin, end, cancel } = speaking;
  const isTalking = phase === "opening" || phase === "listening";
  const isHeld = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
  const start = () => {
    setSpoken(null);
    void begin();
  };
  return (
    <>
      <PageHead fact={t("fact")} />
      <div className="speak">
        <Card title={t("speak")} note={isTalking ? <Elapsed since={speaking.since} /> : undefined}>
          <div className="speak-talk">
            <button
              type="button"
              className="speak-button"
              data-phase={phase}
              disabled={!isOnline || phase === "reading"}
              aria-pressed={isTalking}
              aria-label={t(isTalking ? "letGo" : "hold")}
              onPointerDown={(event) => {
                event.currentTarget.setPointerCapture(event.pointerId);
                start();
              }}
              onPointerUp={() => void end()}
              onPointerCancel={cancel}
              onContextMenu={(event) => event.preventDefault()}
              onKeyDown={(event) => {
                if (!isHeld(event)) return;
                event.preventDefault();
                if (!event.repeat) start();
              }}
              onKeyUp={(event) => {
                if (isHeld(event)) void end();
              }}
            >
              {phase === "reading" ? <LoadingOutlined /> : <AudioOutlined />}
            </button>
            <Level level={isTalking ? level : 0} />
            <p className="speak-hint">{t(isOnline ? `phases.${phase}` : "offline")}</p>
            {isTalking && (
              <Button type="text" size="small" onClick={cancel}>
                {t("cancel")}
              </Button>
            )}
          </div>
          <p className="speak-words" aria-live="polite" data-empty={!words && !spoken}>
            {words || spoken?.parsed?.text || t("example")}
          </p>
          {noSound && (
            <p className="speak-trouble" role="alert">
              {t(`noSound.${noSound}`)}
            </p>
          )}
          {problem && <ProblemNote problem={problem} />}
        </Card>
        <DraftCard spoken={spoken} isReading={phase === "reading"} onChange={setSpoken} />
      </div>
    </>
  );
}

function Level({ level }: { level: number }) {
  const lit = Math.min(BARS, Math.round(Math.sqrt(level) * BARS));
  return (
    <div className="speak-level" aria-hidden>
      {Array.from({ length: BARS }, (_, at) => (
        <i key={at} data-lit={at < lit} />
      ))}
    </div>
  );
}

function Elapsed({ since }: { since: number }) {
  const { t } = useTranslation("speak");
  const [now, tick] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <>{t("elapsed", { seconds: decimal(Math.max(0, now - since) / 1000, 1) })}</>;
}

function useOnline(): boolean {
  const [isOnline, set] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => set(navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  return isOnline;
}
