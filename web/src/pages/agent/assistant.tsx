import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AskedQuestion, AssistantQuestions } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import "./assistant.css";

const KEY = ["assistant", "questions"] as const;
const SHOWN = 8;
const CHARACTERS = 500;

/** 问单助手: a question, its answer with numbered citations, what one asked before. */
export function Assistant() {
  const { t, i18n } = useTranslation("assistant");
  const { asked, ask } = useAsked();
  const [text, type] = useState("");
  const [chosen, choose] = useState<AskedQuestion | null>(null);
  const past = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => fetchJson<AssistantQuestions>(`/v1/assistant/questions?limit=${SHOWN}`, { signal }),
  });
  const put = useMutation({
    mutationFn: (question: string) =>
      fetchJson<AskedQuestion>("/v1/assistant:ask", {
        method: "POST",
        json: { question, lang: i18n.language === "en" ? "en" : "zh" },
      }),
    onSuccess: (answered) => {
      choose(answered);
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const { mutate, isPending } = put;
  const send = (question: string) => {
    const words = question.trim().slice(0, CHARACTERS);
    if (!words || isPending) return;
    type(words);
    mutate(words);
  };
  const given = asked("ask");
  const status = useRef<HTMLDivElement>(null);
  const isCalled = useRef(false);
  useEffect(() => {
    if (!given) return;
    isCalled.current = true;
    type(given.slice(0, CHARACTERS));
    mutate(given.slice(0, CHARACTERS));
    ask({ ask: "" });
  }, [given, mutate, ask]);
  useEffect(() => {
    // Whoever asked from elsewhere came for the answer, which may stand far below.
    if (!chosen || !isCalled.current) return;
    isCalled.current = false;
    status.current?.scrollIntoView({ block: "center" });
  }, [chosen]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(text);
  };
  const others = (past.data?.items ?? []).filter((one) => one.id !== chosen?.id);
  return (
    <Card title={t("title")} note={t("note")} className="assistant">
      <form onSubmit={submit}>
        <Input
          aria-label={t("question")}
          placeholder={t("example")}
          value={text}
          maxLength={CHARACTERS}
          onChange={(event) => type(event.target.value)}
        />
        <Button htmlType="submit" loading={isPending} disabled={text.trim() === ""}>
          {t("ask")}
        </Button>
      </form>
      {put.error && <ProblemNote problem={asProblem(put.error)} onRetry={() => send(text)} />}
      <div ref={status} role="status" aria-live="polite" aria-busy={isPending}>
        {isPending && <p className="note">{t("looking")}</p>}
        {chosen && !isPending && <Answered one={chosen} onRated={choose} />}
      </div>
      {!chosen && others.length === 0 && !past.isPending && <Examples onChoose={send} />}
      {others.length > 0 && (
        <details className="assistant-past">
          <summary>{t("past", { n: others.length })}</summary>
          <ul>
            {others.map((one) => (
              <li key={one.id}>
                <Button type="link" onClick={() => choose(one)}>
                  {one.question}
                </Button>
                <span className="note">{brief(new Date(one.at_ms).toISOString())}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

function Examples({ onChoose }: { onChoose: (question: string) => void }) {
  const { t } = useTranslation("assistant");
  return (
    <ul className="assistant-examples" aria-label={t("examples")}>
      {(["onTime", "short", "due", "figure"] as const).map((one) => (
        <li key={one}>
          <Button size="small" onClick={() => onChoose(t(`tries.${one}`))}>
            {t(`tries.${one}`)}
          </Button>
        </li>
      ))}
    </ul>
  );
}

interface AnsweredProps {
  one: AskedQuestion;
  onRated: (one: AskedQuestion) => void;
}

/** An answer: each sentence with its citations, then what they are, then whether it was of use. */
function Answered({ one, onRated }: AnsweredProps) {
  const { t } = useTranslation("assistant");
  const { answer } = one;
  const rate = useMutation({
    mutationFn: (useful: boolean) =>
      fetchJson<void>(`/v1/assistant/questions/${one.id}/rate`, { method: "POST", json: { useful } }),
    onSuccess: (_, useful) => onRated({ ...one, useful }),
  });
  const refusal = byLocale(answer.lacks_zh ?? "", answer.lacks_en ?? "");
  return (
    <article className="assistant-answer" aria-label={t("answer")}>
      <blockquote>{one.question}</blockquote>
      {answer.sentences.map((sentence, place) => (
        <p key={`${place}:${sentence.zh}`}>
          {byLocale(sentence.zh, sentence.en)}
          {sentence.cites.map((number) => {
            const cite = answer.cites[number - 1];
            return (
              cite && (
                <Link key={number} to={cite.path} title={`${t(`kinds.${cite.kind}`, cite.kind)} ${cite.label}`}>
                  {" "}
                  [{number}]
                </Link>
              )
            );
          })}
        </p>
      ))}
      {answer.sentences.length === 0 && <p className="assistant-refusal">{refusal}</p>}
      <footer>
        <span className="note">{t(answer.way === "model" ? "byModel" : "byRules")}</span>
        <Button
          size="small"
          aria-pressed={one.useful === true}
          type={one.useful === true ? "primary" : "default"}
          loading={rate.isPending}
          onClick={() => rate.mutate(true)}
        >
          {t("useful")}
        </Button>
        <Button
          size="small"
          aria-pressed={one.useful === false}
          type={one.useful === false ? "primary" : "default"}
          loading={rate.isPending}
          onClick={() => rate.mutate(false)}
        >
          {t("useless")}
        </Button>
      </footer>
      {rate.error && <ProblemNote problem={asProblem(rate.error)} />}
    </article>
  );
}
