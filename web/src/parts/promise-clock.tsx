import { Popover } from "antd";
import { useTranslation } from "react-i18next";
import { dated, duration, exact, left, leftWords, near } from "@/format/times";
import { useNow } from "@/live/use-live";
import { LOOKS, type PromiseState, StatusTag } from "./status-tag";

/** A stretch of a clock: what happened, when, and who says so. */
export interface Segment {
  at: string;
  word: string;
  source?: string;
}

interface Props {
  /** The clause's name: 48小时发货. */
  name: string;
  state: PromiseState;
  /** The clause as it was shown. */
  text: string;
  /** RFC 3339; absent before the start. */
  due?: string | undefined;
  /** What was promised before the customer agreed to `due`. */
  before?: string | undefined;
  /** Share of the allowance that is used, 0 to 1. */
  share?: number | undefined;
  /** Warning marks as shares. */
  marks?: readonly number[];
  /** Pauses as shares from and to. */
  pauses?: readonly (readonly [from: number, to: number])[];
  segments?: readonly Segment[];
  /** Beside the state: a probability, the pause's name. */
  more?: string;
  /** Instead of 到期: when the clock would start, what is waited for. */
  waits?: string;
}

const MARKS = [0.7, 0.9] as const;
const RUNS: readonly PromiseState[] = ["running", "warned", "predicted"];
const percent = (share: number) => `${Math.min(100, Math.max(0, share * 100))}%`;

/** A promise's clock: state, what is left, the share that is used, the words, when it falls due. */
export function PromiseClock(props: Props) {
  const { name, state, text, due, share = 0, marks = MARKS, pauses = [], segments = [] } = props;
  const { t } = useTranslation();
  const now = useNow(due ? new Date(due).getTime() : null);
  const rest = due && RUNS.includes(state) ? left(due, now) : null;
  const restWords =
    rest === null
      ? ""
      : t(rest >= 0 ? "clock.left" : "clock.over", { time: duration(rest) });
  const wasWords = props.before ? t("clock.before", { at: dated(props.before, now) }) : "";
  const dueWords = due ? t("clock.due", { at: dated(due, now) }) + wasWords : (props.waits ?? "");
  const spoken = [name, t(`states.${state}`), restWords, dueWords].filter(Boolean).join(t("clock.comma"));
  return (
    <section className="clock" aria-label={spoken}>
      <div className="clock-line">
        <h3>{name}</h3>
        <StatusTag state={state} {...(props.more ? { more: props.more } : {})} />
        <b className="clock-left" data-tone={rest !== null && rest < 0 ? "broken" : undefined}>
          {restWords || t("state.none")}
        </b>
      </div>
      <Popover
        placement="left"
        {...(segments.length === 0 ? { open: false } : {})}
        content={
          <ul className="clock-segments">
            {segments.map((one) => (
              <li key={one.at + one.word}>
                <span>{one.word}</span> <span>{exact(one.at)}</span>{" "}
                <span className="muted">{one.source}</span>
              </li>
            ))}
          </ul>
        }
      >
        <Bar state={state} share={share} marks={marks} pauses={pauses} />
      </Popover>
      <div className="clock-line note">
        <span>{text}</span>
        <span className="clock-left" title={due ? exact(due) : undefined}>
          {dueWords}
        </span>
      </div>
    </section>
  );
}

function Bar({
  state,
  share,
  marks,
  pauses,
  ...rest
}: {
  state: PromiseState;
  share: number;
  marks: readonly number[];
  pauses: readonly (readonly [from: number, to: number])[];
}) {
  return (
    <div className="clock-bar" data-tone={LOOKS[state].tone} aria-hidden {...rest}>
      <i className="clock-fill" style={{ width: percent(share) }} />
      {pauses.map(([from, to]) => (
        <i
          key={from}
          className="clock-pause"
          style={{ left: percent(from), width: percent(to - from) }}
        />
      ))}
      {marks.map((mark) => (
        <i key={mark} className="clock-mark" style={{ left: percent(mark) }} />
      ))}
    </div>
  );
}

interface LeftProps {
  state: PromiseState;
  due?: string | undefined;
  share?: number | undefined;
  /** Instead of the time: 待冷库复测. */
  waits?: string | undefined;
}

/** The clock in a table's cell: what is left over a thin bar; — when nothing runs. */
export function PromiseLeft({ state, due, share, waits }: LeftProps) {
  const { t } = useTranslation();
  const now = useNow(due ? new Date(due).getTime() : null);
  const runs = RUNS.includes(state) || state === "broken";
  if (!runs && !waits) return <>{t("state.none")}</>;
  return (
    <span className="left" title={due ? near(due, now) : undefined}>
      <span>{waits ?? leftWords(due, now)}</span>
      {share !== undefined && (
        <span className="left-bar" data-tone={LOOKS[state].tone} aria-hidden>
          <i style={{ width: percent(share) }} />
        </span>
      )}
    </span>
  );
}
