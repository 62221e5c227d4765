import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { lastHeard, listenTo, onPulse, STALE_MS } from "./wire";

/**
 * Hear a live topic; the messages are JSON objects named by topic. A hidden tab hears nothing, and
 * hears the newest message when it is looked at again.
 */
export function useLive<T>(topic: string, handle: (data: T) => void, on = true): void {
  const latest = useRef(handle);
  useEffect(() => {
    latest.current = handle;
  });
  useEffect(() => {
    if (!on) return undefined;
    let missed: T | undefined;
    const stop = listenTo(topic, (data) => {
      if (document.hidden) missed = data as T;
      else latest.current(data as T);
    });
    const show = () => {
      if (document.hidden || missed === undefined) return;
      latest.current(missed);
      missed = undefined;
    };
    document.addEventListener("visibilitychange", show);
    return () => {
      document.removeEventListener("visibilitychange", show);
      stop();
    };
  }, [topic, on]);
}

export interface LiveState {
  /** True when messages came once and stopped: figures keep their value and turn ink3. */
  isStale: boolean;
  /** Whole seconds since the last message. */
  silentS: number;
  lastAt: Date | null;
}

/** Whether what is shown is still live. */
export function useLiveState(): LiveState {
  const last = useSyncExternalStore(onPulse, lastHeard);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const silent = last ? Math.max(0, now - last) : 0;
  const isStale = silent > STALE_MS;
  useEffect(() => {
    document.documentElement.dataset.stale = String(isStale);
  }, [isStale]);
  return { isStale, silentS: Math.floor(silent / 1000), lastAt: last ? new Date(last) : null };
}

/**
 * The present for times that run: every 30 s, every second while something is due within 5 min.
 */
export function useNow(nearestMs?: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  const isNear =
    nearestMs !== undefined && nearestMs !== null && Math.abs(nearestMs - now) < 300_000;
  useEffect(() => {
    const timer = setInterval(
      () => {
        if (!document.hidden) setNow(Date.now());
      },
      isNear ? 1_000 : 30_000,
    );
    return () => clearInterval(timer);
  }, [isNear]);
  return now;
}
