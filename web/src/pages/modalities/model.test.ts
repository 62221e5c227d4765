import { describe, expect, it } from "vitest";
import type { PerceiverView } from "@/api/types.gen";
import { pathTo, price, quotaOf, sorted, standingOf, within } from "./model";

const BASE = {
  state: "active",
  breaker: "closed",
  breaker_until: "",
  kind: "speech",
  quota_minute: 0,
  quota_day: 0,
  health: { calls: 10, answered: 10_000, calls_minute: 3, calls_today: 40 },
} as unknown as PerceiverView;

describe("services", () => {
  it("stand by what a person must do first", () => {
    const later = new Date(Date.now() + 60_000).toISOString();
    const open = { ...BASE, breaker: "open", breaker_until: later };
    expect(standingOf(open)).toBe("open");
    expect(standingOf({ ...open, breaker_until: "2020-01-01T00:00:00Z" })).toBe("probing");
    expect(standingOf({ ...open, state: "paused" })).toBe("paused");
    expect(standingOf({ ...BASE, quota_day: 40 })).toBe("spent");
    expect(standingOf({ ...BASE, health: { ...BASE.health, answered: 9_000 } })).toBe("ailing");
    expect(standingOf({ ...BASE, health: { ...BASE.health, calls: 0 } })).toBe("idle");
    expect(sorted([BASE, open]).map(standingOf)).toEqual(["open", "well"]);
  });

  it("use the larger part of their quotas", () => {
    expect(quotaOf(BASE)).toBe(0);
    expect(quotaOf({ ...BASE, quota_minute: 4, quota_day: 80 })).toBe(0.75);
  });

  it("cost less than a 分 without becoming nothing", () => {
    expect(price(0)).toBe("¥0.00");
    expect(price(1_500)).toBe("¥0.015");
    expect(price(20)).toBe("¥0.0002");
    expect(price(250_300)).toBe("¥2.50");
  });
});

describe("a click on a sample", () => {
  it("gives the path of JSONata, and the rest of it within rows", () => {
    expect(pathTo(["data", "识别结果", "words"])).toBe("data.`识别结果`.words");
    expect(within("data.lines", "data.lines.location")).toBe("location");
    expect(within("data.lines", "data.lineage")).toBeNull();
  });
});
