import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { Entry } from "@/parts/entries";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem, type Problem } from "@/problem";
import { findWays } from "./going";

/** /go/<anything>: to the one thing that a number means, or the things to choose from. */
export function Go() {
  const { t } = useTranslation();
  const { "*": word = "" } = useParams();
  const go = useNavigate();
  const product = t("nav:product");
  useEffect(() => {
    document.title = `${word} · ${product}`;
  }, [word, product]);
  const [found, setFound] = useState<readonly Entry[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const asked = new AbortController();
    findWays(word, asked.signal).then(
      ({ entries, only }) => {
        if (only) void go(only, { replace: true });
        else setFound(entries);
      },
      (error: unknown) => {
        if (!asked.signal.aborted) setProblem(asProblem(error));
      },
    );
    return () => asked.abort();
  }, [word, go]);
  if (problem) return <ProblemNote problem={problem} />;
  if (!found) return <Skeleton kind="page" />;
  return (
    <div className="alone">
      <h1>{word}</h1>
      {found.length === 0 && <p>{t("palette.none")}</p>}
      <ul>
        {found.map((entry) => (
          <li key={entry.id}>
            <Link to={entry.to ?? "/"}>{entry.label}</Link>{" "}
            <span className="muted">{entry.note}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
