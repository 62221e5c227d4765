import { describe, expect, it } from "vitest";
import { actsGo, isClockBad, type Trust, trustTone } from "./trust";

const KEPT: Trust = {
  sealed_at: "2026-11-22T11:00:00.000Z",
  seal_age_ms: 300,
  waiting_ms: 0,
  unsealed: 0,
  clock: "measured",
  clock_error_us: 1_830,
  clock_waits: false,
  clock_suspends: false,
  tone: "kept",
};

describe("trustTone", () => {
  it.each<[Partial<Trust>, string]>([
    [{}, "kept"],
    [{ clock: "unmeasured", clock_error_us: null }, "kept"],
    [{ clock: "unmeasured", clock_error_us: null, clock_waits: true }, "risk"],
    [{ clock: "faulted", clock_error_us: null, clock_waits: true }, "risk"],
    [{ clock: "faulted", clock_error_us: null, clock_waits: true, clock_suspends: true }, "broken"],
    [{ clock: "stale", clock_error_us: null, clock_waits: true, clock_suspends: true }, "broken"],
    [{ tone: "risk" }, "risk"],
    [{ tone: "broken", clock: "unmeasured", clock_waits: true }, "broken"],
  ])("is the worse of clock and seal: %o", (changes, tone) => {
    expect(trustTone({ ...KEPT, ...changes })).toBe(tone);
  });

  it.each<[Partial<Trust>, string]>([
    [{}, "on"],
    [{ clock: "faulted", clock_waits: true }, "wait"],
    [{ clock: "faulted", clock_waits: true, clock_suspends: true }, "suspended"],
  ])("says what becomes of acts of grade A: %o", (changes, word) => {
    expect(actsGo({ ...KEPT, ...changes })).toBe(word);
  });

  it("is none before anything is known", () => {
    expect(trustTone(null)).toBe("none");
    expect(isClockBad(KEPT)).toBe(false);
  });
});
