import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CoeSection, CoeSentence, WeeklyReviewWhole } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { cited, opens, said } from "./model";
import { KEY, PATH } from "./words";

const TEXT_MAX = 1_000;

/** The sentences of a section, what each rests on, and what the meeting makes of it. */
export function Sentences({ section, whole }: { section: CoeSection; whole: WeeklyReviewWhole }) {
  const { t } = useTranslation("coe");
  if (section.sentences.length === 0)
    return <p className="note">{t(`none.${section.code}`)}</p>;
  return (
    <ul className="coe-sentences">
      {section.sentences.map((one) => (
        <li key={one.key}>
          <Sentence one={one} whole={whole} />
        </li>
      ))}
    </ul>
  );
}

function Sentence({ one, whole }: { one: CoeSentence; whole: WeeklyReviewWhole }) {
  const { t, i18n } = useTranslation("coe");
  const mayWrite = useMay("coe.write");
  const { review } = whole;
  const decided = (review.agenda ?? []).find((item) => item.key === one.key);
  const notes = (review.notes ?? []).filter((note) => note.key === one.key);
  const isOpen = mayWrite && !decided && whole.agenda_keys.includes(one.key);
  return (
    <>
      <p>{said(one, i18n.language)}</p>
      <p className="coe-cites">
        {one.cites.map((cite) => (
          <Link key={cite.kind + cite.ref} to={opens(cite)}>
            {t(`cites.${cite.kind}`)} {cited(cite)}
          </Link>
        ))}
      </p>
      {notes.map((note) => (
        <blockquote key={note.at_ms}>{note.text}</blockquote>
      ))}
      {decided && (
        <p className="coe-decided">
          <ToneTag tone={decided.state === "accepted" ? "kept" : "plain"}>
            {t(`agenda.${decided.state}`)}
          </ToneTag>
          {decided.note && <span className="note">{decided.note}</span>}
          {decided.item && <Link to="/coe?tab=backlog">{t("toBacklog")}</Link>}
        </p>
      )}
      {mayWrite && <Meeting sentence={one} week={review.week} isOpen={isOpen} />}
    </>
  );
}

/** Say something of a sentence; take it up, or don't. */
function Meeting({
  sentence,
  week,
  isOpen,
}: {
  sentence: CoeSentence;
  week: string;
  isOpen: boolean;
}) {
  const { t } = useTranslation("coe");
  const { done } = useNotice();
  const [text, setText] = useState<string | null>(null);
  const after = (whole: WeeklyReviewWhole, told: string) => {
    queries.setQueryData([...KEY, "review", week], whole);
    void queries.invalidateQueries({ queryKey: [...KEY, "backlog"] });
    setText(null);
    done(told);
  };
  const note = useMutation({
    mutationFn: (said: string) =>
      ask<WeeklyReviewWhole>(`${PATH}/reviews/${week}/notes`, {
        method: "POST",
        json: { key: sentence.key, text: said },
      }),
    onSuccess: (whole) => after(whole, t("noted")),
  });
  const settle = useMutation({
    mutationFn: (accepted: boolean) =>
      ask<WeeklyReviewWhole>(`${PATH}/reviews/${week}/agenda`, {
        method: "POST",
        json: { key: sentence.key, accepted, note: text?.trim() ?? "" },
      }),
    onSuccess: (whole, accepted) => after(whole, t(accepted ? "accepted" : "declined")),
  });
  const problem = note.error ?? settle.error;
  return (
    <div className="coe-meeting">
      {problem && <ProblemNote problem={asProblem(problem)} />}
      {text !== null && (
        <Input.TextArea
          aria-label={t("remark")}
          autoSize
          maxLength={TEXT_MAX}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      {isOpen && (
        <>
          <Button size="small" loading={settle.isPending} onClick={() => settle.mutate(true)}>
            {t("take")}
          </Button>
          <Button size="small" type="text" onClick={() => settle.mutate(false)}>
            {t("decline")}
          </Button>
        </>
      )}
      {text === null ? (
        <Button size="small" type="text" onClick={() => setText("")}>
          {t("remark")}
        </Button>
      ) : (
        <Button
          size="small"
          type="text"
          disabled={!text.trim()}
          loading={note.isPending}
          onClick={() => note.mutate(text.trim())}
        >
          {t("say")}
        </Button>
      )}
    </div>
  );
}
