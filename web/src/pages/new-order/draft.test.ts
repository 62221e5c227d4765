import { expect, test } from "vitest";
import { type Draft, emptyDraft, fenOf, missingOf, numberOf, orderOf, totalOf } from "./draft";

const LINE = { key: 0, sku: "A-1", name: "杯", quantity: 3, price: "19.9" };
const FULL: Draft = {
  ...emptyDraft(),
  number: " M1 ",
  lines: [LINE, { key: 1, sku: "", name: "", quantity: 1, price: null }],
  name: "林秋",
  phone: "13800000000",
  detail: "学院路 1 号",
};

test.each([
  ["0.29", 29],
  ["19.9", 1990],
  ["1234567", 123456700],
  ["", 0],
  [null, 0],
  ["1.234", null],
  ["-1", null],
  ["1e3", null],
])("%s yuan are %s fen", (text, fen) => {
  expect(fenOf(text)).toBe(fen);
});

test("the total is goods less discount plus postage", () => {
  expect(totalOf({ ...FULL, discount: "9.7", postage: "6" })).toBe(5600);
  expect(totalOf({ ...FULL, discount: "x" })).toBeNull();
});

test("what is missing is named", () => {
  expect(missingOf(FULL)).toEqual([]);
  expect(missingOf(emptyDraft())).toEqual(["name", "phone", "detail", "goods"]);
  expect(missingOf({ ...FULL, discount: "100" })).toEqual(["total"]);
  expect(missingOf({ ...FULL, lines: [{ ...LINE, quantity: null }] })).toEqual(["quantity"]);
});

test("lines without goods are left out, an unpaid order has no time of payment", () => {
  const at = "2026-11-22T08:00:00Z";
  const order = orderOf(FULL, at);
  expect(order.number).toBe("M1");
  expect(order.lines).toEqual([{ sku: "A-1", title: "杯", quantity: 3, price_fen: 1990 }]);
  expect(order.paid_at).toBe(at);
  expect(orderOf({ ...FULL, isPaid: false }, at)).not.toHaveProperty("paid_at");
});

test("a number names the day in China", () => {
  expect(numberOf(new Date("2026-11-22T20:00:00Z"), "0a1b2c3d-")).toBe("M20261123-0A1B2C");
});
