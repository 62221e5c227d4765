import { describe, expect, it } from "vitest";
import { amountOf, amountsOf } from "./amounts";

const CNY = { currency: "CNY", count: 2, amount: 119_200 };
const USD = { currency: "USD", count: 1, amount: 2_664 };

describe("amounts", () => {
  it("keeps currencies apart", () => {
    const total = { amounts: [CNY, USD], exact: true };
    expect(amountOf(total, "约 ")).toBe("¥1,192.00 + USD 26.64");
    expect(amountsOf(total)).toBe("¥1,192.00 (2)\nUSD 26.64 (1)");
  });
  it("says about of an estimate", () => {
    expect(amountOf({ amounts: [CNY, USD], exact: false }, "约 ")).toBe("约 ¥1,192.00 + 约 USD 26.64");
  });
  it("names three, and nothing is ¥0.00", () => {
    const total = { amounts: [CNY, USD, { ...USD, currency: "EUR" }, { ...USD, currency: "HKD" }], exact: true };
    expect(amountOf(total, "")).toBe("¥1,192.00 + USD 26.64 + EUR 26.64 + …");
    expect(amountOf({ amounts: [], exact: true }, "")).toBe("¥0.00");
  });
});
