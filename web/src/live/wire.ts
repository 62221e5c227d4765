/**
 * One event stream a browser. Tabs elect a leader by a lock; it holds the connection and passes
 * each message on through a channel. When the leader closes, the lock goes to the next tab.
 */

export const LIVE_URL = "/v1/console/live";
/** After this much silence the figures are said to be old; the hub sends something each second. */
export const STALE_MS = 5_000;
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 60_000;
const LOCK = "danshu.live";

export type Hear = (data: unknown) => void;
interface Heard {
  topic: string;
  data: unknown;
}

const hearers = new Map<string, Set<Hear>>();
const stateHearers = new Set<() => void>();
let source: EventSource | undefined;
let channel: BroadcastChannel | undefined;
let isAllowed = false;
let hasStarted = false;
let waitMs = RETRY_MS;
let isLeader = false;
let lastMs = 0;
const bound = new Set<string>();

/** When the last message came, in ms; 0 before the first. */
export function lastHeard(): number {
  return lastMs;
}

/** Hear that something came. */
export function onPulse(hear: () => void): () => void {
  stateHearers.add(hear);
  return () => stateHearers.delete(hear);
}

/** Say that the person may listen; before that nothing is connected. */
export function allowLive(): void {
  isAllowed = true;
  if (hearers.size > 0) start();
}

/** Hear a topic. Gives the way to stop. */
export function listenTo(topic: string, hear: Hear): () => void {
  const set = hearers.get(topic) ?? new Set<Hear>();
  hearers.set(topic, set);
  set.add(hear);
  start();
  channel?.postMessage({ topic: "?", data: topic } satisfies Heard);
  bind(topic);
  return () => {
    set.delete(hear);
    if (set.size === 0) hearers.delete(topic);
  };
}

function start(): void {
  if (!isAllowed || hasStarted || typeof EventSource === "undefined") return;
  hasStarted = true;
  channel = new BroadcastChannel(LOCK);
  channel.onmessage = ({ data }: MessageEvent<Heard>) => {
    // Another tab asks for a topic: only the leader has the connection.
    if (data.topic === "?") {
      if (isLeader) bind(String(data.data));
      return;
    }
    if (!isLeader) spread(data);
  };
  if (!("locks" in navigator)) return lead();
  // Held until the tab closes: the promise is never kept.
  void navigator.locks.request(LOCK, () => {
    lead();
    return new Promise(() => undefined);
  });
}

function lead(): void {
  isLeader = true;
  connect();
}

function connect(): void {
  source?.close();
  bound.clear();
  source = new EventSource(LIVE_URL, { withCredentials: true });
  source.onerror = () => {
    // The browser tries again by itself, unless the answer was no stream (401, 403, 503).
    if (source?.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, waitMs);
    waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
  };
  source.onopen = () => {
    waitMs = RETRY_MS;
  };
  for (const topic of hearers.keys()) bind(topic);
  bind("pulse");
}

function bind(topic: string): void {
  if (!source || bound.has(topic)) return;
  bound.add(topic);
  source.addEventListener(topic, (event) => {
    let data: unknown;
    try {
      data = JSON.parse(event.data as string);
    } catch {
      return;
    }
    const heard = { topic, data };
    spread(heard);
    channel?.postMessage(heard);
  });
}

function spread({ topic, data }: Heard): void {
  lastMs = Date.now();
  for (const hear of stateHearers) hear();
  for (const hear of hearers.get(topic) ?? []) hear(data);
}
