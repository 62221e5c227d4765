import i18next from "i18next";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Asia/Shanghai has been UTC+8 without summer time since 1991. */
const SHANGHAI_MS = 8 * HOUR;
const NONE = "—";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

type Instant = Date | string | number | null | undefined;

const isEnglish = () => i18next.language === "en";
const two = (n: number) => String(n).padStart(2, "0");

function ms(at: Instant): number | null {
  if (at === null || at === undefined || at === "") return null;
  const value = at instanceof Date ? at.getTime() : new Date(at).getTime();
  return Number.isNaN(value) ? null : value;
}

/** The clock on a wall in Shanghai, read through UTC getters. */
const wall = (value: number) => new Date(value + SHANGHAI_MS);
const dayOf = (value: number) => Math.floor((value + SHANGHAI_MS) / DAY);

function units(): readonly [number, string][] {
  return isEnglish()
    ? [
        [DAY, "d"],
        [HOUR, "h"],
        [MINUTE, "min"],
        [SECOND, "s"],
      ]
    : [
        [DAY, "天"],
        [HOUR, "时"],
        [MINUTE, "分"],
        [SECOND, "秒"],
      ];
}

/**
 * A length of time in at most two units: 2 时 14 分, 38 分, 41 秒, 3.9 毫秒. Up to 72 hours are told
 * in hours, because promises are. The sign is left to the words around it.
 */
export function duration(length_ms: number | null | undefined): string {
  if (length_ms === null || length_ms === undefined) return NONE;
  const size = Math.abs(length_ms);
  if (size < SECOND) {
    const digits = size < 10 ? 1 : 0;
    return `${size.toFixed(digits)} ${isEnglish() ? "ms" : "毫秒"}`;
  }
  const usable = units().filter(([unit]) => unit !== DAY || size >= 3 * DAY);
  const at = usable.findIndex(([unit]) => size >= unit);
  const [unit, name] = usable[at] as [number, string];
  const whole = Math.floor(size / unit);
  const next = usable[at + 1];
  // Seconds are told alone: 38 分, never 38 分 12 秒.
  if (!next || next[0] === SECOND) return `${whole} ${name}`;
  const rest = Math.floor((size - whole * unit) / next[0]);
  if (rest === 0) return `${whole} ${name}`;
  return `${whole} ${name} ${next[0] === MINUTE ? two(rest) : rest} ${next[1]}`;
}

/** 14:21:07 in Shanghai. */
export function timeOfDay(at: Instant): string {
  const value = ms(at);
  if (value === null) return NONE;
  const w = wall(value);
  return `${two(w.getUTCHours())}:${two(w.getUTCMinutes())}:${two(w.getUTCSeconds())}`;
}

function dateOf(value: number, now: number): string {
  const w = wall(value);
  const sameYear = w.getUTCFullYear() === wall(now).getUTCFullYear();
  const day = w.getUTCDate();
  if (isEnglish()) {
    const text = `${day} ${MONTHS[w.getUTCMonth()]}`;
    return sameYear ? text : `${text} ${w.getUTCFullYear()}`;
  }
  const text = `${two(w.getUTCMonth() + 1)}-${two(day)}`;
  return sameYear ? text : `${w.getUTCFullYear()}-${text}`;
}

/** 今天 14:21 · 昨天 09:10 · 11-20: an instant as people say it. */
export function near(at: Instant, now: Instant = Date.now()): string {
  const value = ms(at);
  const present = ms(now);
  if (value === null || present === null) return NONE;
  const clock = timeOfDay(value).slice(0, 5);
  const days = dayOf(value) - dayOf(present);
  const words = isEnglish()
    ? { "-1": "Yesterday", "0": "Today", "1": "Tomorrow" }
    : { "-1": "昨天", "0": "今天", "1": "明天" };
  const word = words[String(days) as keyof typeof words];
  return word ? `${word} ${clock}` : dateOf(value, present);
}

/** 11月22日 周日 (Sun 22 Nov): the day of an instant, with its weekday. */
export function dayName(at: Instant): string {
  const value = ms(at);
  if (value === null) return NONE;
  const w = wall(value);
  const [day, month] = [w.getUTCDate(), w.getUTCMonth()];
  if (isEnglish()) return `${WEEKDAYS[w.getUTCDay()]} ${day} ${MONTHS[month]}`;
  return `${month + 1}月${day}日 周${"日一二三四五六"[w.getUTCDay()]}`;
}

/** 14:21 today, 11-20 before: for a narrow column. */
export function brief(at: Instant, now: Instant = Date.now()): string {
  const value = ms(at);
  const present = ms(now);
  if (value === null || present === null) return NONE;
  return dayOf(value) === dayOf(present)
    ? timeOfDay(value).slice(0, 5)
    : dateOf(value, present);
}

/** 11-24 14:22: a date with its time, for deadlines. */
export function dated(at: Instant, now: Instant = Date.now()): string {
  const value = ms(at);
  const present = ms(now);
  if (value === null || present === null) return NONE;
  return `${dateOf(value, present)} ${timeOfDay(value).slice(0, 5)}`;
}

/** 2026-11-22 14:31:55.120 +08:00, for tooltips and evidence. */
export function exact(at: Instant): string {
  const value = ms(at);
  if (value === null) return NONE;
  return `${wall(value).toISOString().replace("T", " ").replace("Z", "")} +08:00`;
}

/** 11 分前 within a day, then the date. */
export function age(at: Instant, now: Instant = Date.now()): string {
  const value = ms(at);
  const present = ms(now);
  if (value === null || present === null) return NONE;
  const past = present - value;
  if (past < 0 || past > DAY) return near(value, present);
  if (past < SECOND) return isEnglish() ? "just now" : "刚刚";
  return `${duration(past)}${isEnglish() ? " ago" : "前"}`;
}

/** What is left until a deadline (positive) or has passed since (negative), in ms. */
export function left(due: Instant, now: Instant = Date.now()): number | null {
  const value = ms(due);
  const present = ms(now);
  return value === null || present === null ? null : value - present;
}

/** 6 分 before a deadline, 超 17 分 after it. */
export function leftWords(due: Instant, now: Instant = Date.now()): string {
  const rest = left(due, now);
  if (rest === null) return NONE;
  if (rest >= 0) return duration(rest);
  return isEnglish() ? `${duration(rest)} over` : `超 ${duration(rest)}`;
}
