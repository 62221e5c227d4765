import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { answerPasskey, hasPasskeys, isGivenUp, type PasskeyOptions } from "@/passkey";
import { asProblem, type Problem } from "@/problem";
import { langOf } from "../order/words";
import { type Line, newId, pathOf, type Review } from "./model";
import { Button, Sheet } from "./shell";

/** What a review that is to be signed still lacks, by the clauses of its action type. */
export function ReviewNote({ review }: { review: Review }) {
  const { t } = useTranslation("pda");
  const lacks = [...review.why_not, ...review.missing];
  if (lacks.length === 0) return <p className="pda-note">{t("readyToSign")}</p>;
  return (
    <ul className="pda-lacks" aria-label={t("lacks")}>
      {lacks.map((one) => (
        <li key={`${one.clause} ${one.reason}`}>
          {byLocale(one.reason, one.reason_en)}
          {one.code === "no_passkey_yet" && (
            <>
              {" "}
              <Link to="/settings/account">{t("addPasskey")}</Link>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

interface LotProps {
  line: Line;
  quantity: number;
  /** What was read off the last package of these goods. */
  last: { lot: string; expiry: string } | undefined;
  onLot: (lot: string, expiry: string) => void;
  onClose: () => void;
}

/** Lot and expiry as they stand on the package, where its code does not say them. */
export function LotSheet({ line, quantity, last, onLot, onClose }: LotProps) {
  const { t } = useTranslation("pda");
  const [lot, setLot] = useState(last?.lot ?? "");
  const [expiry, setExpiry] = useState(last?.expiry ?? "");
  return (
    <Sheet title={t("lotOf", { name: line.name, count: quantity })} onClose={onClose}>
      <form
        className="pda-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (lot.trim() !== "" && expiry !== "") onLot(lot.trim(), expiry);
        }}
      >
        <label>
          {t("lot")}
          <input
            value={lot}
            maxLength={64}
            required
            autoFocus
            autoComplete="off"
            autoCapitalize="characters"
            onChange={(event) => setLot(event.target.value)}
          />
        </label>
        <label>
          {t("expiry")}
          <input type="date" value={expiry} required onChange={(event) => setExpiry(event.target.value)} />
        </label>
        <button type="submit" className="pda-button" data-main="true">
          {t("count")}
        </button>
      </form>
    </Sheet>
  );
}

interface Prepared {
  shown: string;
  digest: string;
  options: PasskeyOptions | null;
}

interface SignProps {
  taskKey: string;
  review: Review;
  onSigned: () => void;
  onClose: () => void;
}

interface StatementProps {
  /** Where the statement is asked for. */
  path: string;
  /** How long it is to be read at least. */
  min_ms: number;
  /** Ends the act with the passkey's answer. */
  send: (credential: unknown) => Promise<void>;
  onSigned: () => void;
  onClose: () => void;
}

const TICK_MS = 250;

/** A review on the floor: its statement is signed, and the task is done. */
export function SignSheet({ taskKey, review, onSigned, onClose }: SignProps) {
  const send = async (credential: unknown) => {
    await ask(`${pathOf(taskKey)}/done`, {
      method: "POST",
      headers: { "Idempotency-Key": newId() },
      json: { credential, device_at: new Date().toISOString() },
    });
  };
  return (
    <SignStatement
      path={`${pathOf(taskKey)}/statement`}
      min_ms={review.min_ms}
      send={send}
      onSigned={onSigned}
      onClose={onClose}
    />
  );
}

/** Shows the exact statement, and signs it: what is read here is what the signature is over. */
export function SignStatement({ path, min_ms, send, onSigned, onClose }: StatementProps) {
  const { t, i18n } = useTranslation("pda");
  const lang = langOf(i18n.language);
  const [shown, setShown] = useState<Prepared | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const [left_ms, setLeft] = useState(min_ms);
  useEffect(() => {
    let isOver = false;
    ask<Prepared>(path, { method: "POST", json: { lang } })
      .then((told) => !isOver && setShown(told))
      .catch((error: unknown) => !isOver && setProblem(asProblem(error)));
    return () => {
      isOver = true;
    };
  }, [path, lang, turn]);
  useEffect(() => {
    const until = Date.now() + min_ms;
    const timer = setInterval(() => {
      const left = Math.max(0, until - Date.now());
      setLeft(left);
      if (left === 0) clearInterval(timer);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [min_ms]);

  const anew = () => {
    setShown(null);
    setProblem(null);
    setTurn((n) => n + 1);
  };
  const sign = async () => {
    if (!shown?.options) return;
    setBusy(true);
    setProblem(null);
    try {
      await send(await answerPasskey(shown.options));
      onSigned();
    } catch (error) {
      // A challenge is good once: what is signed next is shown anew.
      if (!isGivenUp(error)) {
        setShown(null);
        setProblem(asProblem(error));
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet title={t("signTitle")} onClose={onClose}>
      {problem && <ProblemNote problem={problem} onRetry={anew} />}
      {shown && (
        <>
          <blockquote className="pda-statement">{shown.shown}</blockquote>
          <p className="pda-note">{t("signNote")}</p>
          <p className="pda-note pda-digest" title={shown.digest}>
            SHA-256 {(shown.digest.match(/.{4}/g) ?? []).slice(0, 8).join(" ")} …
          </p>
          <Button
            isMain
            isBusy={isBusy}
            because={
              !hasPasskeys() ? t("noPasskeys") : left_ms > 0 ? t("readFirst", { seconds: Math.ceil(left_ms / 1000) }) : ""
            }
            onClick={() => void sign()}
          >
            {t("signIt")}
          </Button>
        </>
      )}
    </Sheet>
  );
}
