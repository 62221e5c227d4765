import type { ReactNode } from "react";

interface Props {
  title: string;
  /** Muted, beside the title. */
  note?: ReactNode;
  /** At the right: a link, a switch. */
  extra?: ReactNode;
  children: ReactNode;
  /** Tables reach to the card's edges. */
  isFlush?: boolean;
  className?: string;
}

/** A white card with a hairline; its title is an h2. */
export function Card({ title, note, extra, children, isFlush, className }: Props) {
  return (
    <section className={`card ${className ?? ""}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {note !== undefined && <span className="note">{note}</span>}
        {extra !== undefined && <span className="card-extra">{extra}</span>}
      </header>
      <div className="card-body" data-flush={isFlush ?? false}>
        {children}
      </div>
    </section>
  );
}
