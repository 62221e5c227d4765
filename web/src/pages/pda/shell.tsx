import { CloudOutlined, CloudSyncOutlined, DisconnectOutlined, LeftOutlined } from "@ant-design/icons";
import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { duration } from "@/format";
import { useSession } from "@/session";
import { useOutbox, usePda } from "./use-pda";

interface HeadProps {
  title: string;
  /** Where the arrow leads; none on the first page. */
  back?: string;
  warehouse?: string;
  /** Left and right of the second line. */
  object?: ReactNode;
  passed?: string;
  /** The large line. */
  large?: ReactNode;
  largeRight?: ReactNode;
  /** Why the last scan was not right: the header turns red. */
  wrong?: string;
}

/** The dark header: task, object, the number's end in amber, elapsed time. */
export function Head({ title, back, warehouse, object, passed, large, largeRight, wrong }: HeadProps) {
  const { t } = useTranslation("pda");
  const { person } = useSession();
  return (
    <header className="pda-head" data-wrong={wrong ? "true" : undefined}>
      <div className="pda-row">
        {back ? (
          <Link className="pda-back" to={back} aria-label={t("back")}>
            <LeftOutlined aria-hidden />
          </Link>
        ) : null}
        <h1>{title}</h1>
        <span className="pda-who">
          {warehouse ? `${warehouse} · ` : ""}
          {person.number}
        </span>
      </div>
      {object !== undefined && (
        <div className="pda-row">
          <span>{object}</span>
          <span>{passed}</span>
        </div>
      )}
      {large !== undefined && (
        <div className="pda-row pda-large">
          <span>{large}</span>
          <span>{largeRight}</span>
        </div>
      )}
      {wrong && <p className="pda-wrong">{wrong}</p>}
    </header>
  );
}

/** …2200 and the last five in amber: what people read out to one another. */
export function Tail({ number, tail }: { number: string; tail: string }) {
  const before = number.slice(0, Math.max(0, number.length - tail.length)).slice(-4);
  return (
    <span className="pda-number">
      {number.length > tail.length + 4 ? "…" : ""}
      {before}
      <strong>{tail}</strong>
    </span>
  );
}

/** What has to be known of queue and network, above the content. */
export function Strip() {
  const { t } = useTranslation("pda");
  const { acts, isReached, isSignedOut, lasts } = useOutbox();
  const { person } = useSession();
  const others = acts.filter((act) => act.person !== person.id).length;
  if (isSignedOut) {
    const next = encodeURIComponent(window.location.pathname);
    return (
      <p className="pda-strip" role="status">
        {t("signedOut", { count: acts.length })} <a href={`/sign-in?next=${next}`}>{t("signIn")}</a>
      </p>
    );
  }
  if (isReached && others === 0) return null;
  return (
    <p className="pda-strip" role="status">
      {!isReached && <>{t("offline", { count: acts.length - others })} </>}
      {!isReached && !lasts && <>{t("keepOpen")} </>}
      {others > 0 && t("ofOthers", { count: others })}
    </p>
  );
}

/** Network, error of the clock, queue. */
function StateLine() {
  const { t } = useTranslation("pda");
  const { acts, refused, isReached } = useOutbox();
  const { clock } = usePda();
  const waiting = acts.length;
  return (
    <p className="pda-state">
      <span data-tone={isReached ? "kept" : "risk"}>
        {isReached ? waiting > 0 ? <CloudSyncOutlined aria-hidden /> : <CloudOutlined aria-hidden /> : <DisconnectOutlined aria-hidden />}{" "}
        {isReached ? t("online") : t("noNetwork")}
      </span>
      <span>
        {clock.offset_ms === null
          ? t("clockUnknown")
          : t("clock", { off: duration(clock.offset_ms), error: duration(clock.error_ms) })}
      </span>
      <Link to="/pda/queue">
        {t("waiting", { count: waiting })}
        {refused.length > 0 && <b className="pda-refused">{t("refused", { count: refused.length })}</b>}
      </Link>
    </p>
  );
}

/** The foot: state line, two buttons of which the right one is the way on, exceptions. */
export function Foot({ children, more }: { children: ReactNode; more?: ReactNode }) {
  return (
    <footer className="pda-foot">
      <StateLine />
      <div className="pda-buttons">{children}</div>
      {more && <div className="pda-more">{more}</div>}
    </footer>
  );
}

interface ButtonProps {
  children: ReactNode;
  onClick: () => void;
  isMain?: boolean;
  isBusy?: boolean;
  /** Why it is not allowed now: it stays, dashed, and says so when pressed. */
  because?: string;
  onBecause?: (why: string) => void;
}

export function Button({ children, onClick, isMain, isBusy, because, onBecause }: ButtonProps) {
  return (
    <button
      type="button"
      className="pda-button"
      data-main={isMain}
      data-not={because ? "true" : undefined}
      aria-disabled={because || isBusy ? true : undefined}
      onClick={() => {
        if (isBusy) return;
        if (because) onBecause?.(because);
        else onClick();
      }}
    >
      {children}
    </button>
  );
}

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A sheet from below: one question, over the page. */
export function Sheet({ title, onClose, children }: SheetProps) {
  const { t } = useTranslation("pda");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="pda-sheet"
      aria-label={title}
      aria-modal="true"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="pda-row">
        <h2>{title}</h2>
        <button type="button" className="pda-plain" onClick={onClose}>
          {t("close")}
        </button>
      </div>
      {children}
    </dialog>
  );
}

/** What has to be done, in its order; `at` is where the person stands. */
export function Steps({ names, at }: { names: readonly string[]; at: number }) {
  return (
    <ol className="pda-steps">
      {names.map((name, index) => (
        <li
          key={name}
          data-is={index < at ? "done" : index === at ? "now" : "next"}
          aria-current={index === at ? "step" : undefined}
        >
          {index + 1} {name}
        </li>
      ))}
    </ol>
  );
}
