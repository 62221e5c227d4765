import { describe, expect, it } from "vitest";
import { progressOf } from "./search";

const page = (found: number, looked: number, next = "c") => ({
  items: Array.from({ length: found }),
  next,
  looked,
});

describe("progressOf", () => {
  it("searches for nothing after a full page, or at the end", () => {
    expect(progressOf([], 10)).toEqual({ tries: 0, looked: 0 });
    expect(progressOf([page(10, 10)], 10).tries).toBe(0);
    expect(progressOf([page(0, 900), page(3, 500, "")], 10).tries).toBe(0);
  });
  it("adds up what short pages looked at", () => {
    expect(progressOf([page(0, 900), page(3, 500)], 10)).toEqual({ tries: 2, looked: 1400 });
  });
  it("begins anew once short pages make a full one", () => {
    expect(progressOf([page(6, 900), page(6, 500)], 10).tries).toBe(0);
    expect(progressOf([page(10, 10), page(1, 700)], 10)).toEqual({ tries: 1, looked: 700 });
  });
});
