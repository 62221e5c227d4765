import type { ReactNode } from "react";
import { exact, timeOfDay } from "@/format/times";
import { type Grade, GradeBadge } from "./grade-badge";

/** One thing that happened, or that is waited for. */
export interface Moment {
  id: string;
  /** RFC 3339; absent = still waited for. */
  at?: string | undefined;
  icon: ReactNode;
  title: string;
  grade?: Grade | undefined;
  /** Who: a person's role and number, a system, 等待. */
  who?: string | undefined;
  detail?: ReactNode;
}

/** What happened to an order, first things first. */
export function Timeline({ moments, label }: { moments: readonly Moment[]; label: string }) {
  return (
    <ol className="timeline" aria-label={label}>
      {moments.map((one) => (
        <li key={one.id} data-waits={one.at === undefined}>
          {one.at ? (
            <time dateTime={one.at} title={exact(one.at)}>
              {timeOfDay(one.at)}
            </time>
          ) : (
            <span>—</span>
          )}
          <span className="timeline-icon" aria-hidden>
            {one.icon}
          </span>
          <div>
            <div className="timeline-head">
              <b>{one.title}</b>
              {one.grade && <GradeBadge grade={one.grade} />}
              {one.who && <span className="note">{one.who}</span>}
            </div>
            {one.detail !== undefined && <div className="timeline-detail">{one.detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
