import { describe, expect, it } from "vitest";
import type { FieldShown, PortsModalityDraft as Draft } from "@/api/types.gen";
import { answersOf, doubtfulOf, isChanged, missingOf, rowsOf, valueAt, withLine, withoutLine, withValue } from "./draft";

const DRAFT: Draft = {
  customer: "C1",
  lines: [{ sku: "A", quantity: 3, title: "甲", remarks: ["不要吸管"] }],
};
const field = (path: string, worth: number, candidates: string[] = []): FieldShown => ({
  path,
  value: valueAt(DRAFT, path),
  said: "",
  spans: [],
  candidates: candidates.map((value) => ({ value, title: value })),
  reason: "",
  rule: "",
  raw: worth,
  worth,
  low: 0,
  seen: 0,
});

describe("a reviewer's draft", () => {
  it("is changed by pointers, and keeps what was read untouched", () => {
    const next = withValue(DRAFT, "/lines/0/sku", "B", "乙");
    expect(next.lines?.[0]).toMatchObject({ sku: "B", title: "乙", quantity: 3 });
    expect(valueAt(DRAFT, "/lines/0/sku")).toBe("A");
    expect(valueAt(withValue(DRAFT, "/lines/0/quantity", "12"), "/lines/0/quantity")).toBe("12");
    expect(withValue(DRAFT, "/remarks", "少冰、去糖").remarks).toEqual(["少冰", "去糖"]);
    expect(valueAt(DRAFT, "/lines/0/remarks")).toBe("不要吸管");
    expect(valueAt(DRAFT, "/due_ms")).toBe("");
  });

  it("grows and shrinks by lines, and says what it lacks", () => {
    const longer = withLine(DRAFT);
    expect(missingOf(DRAFT)).toBe("");
    expect(missingOf(longer)).toBe("/lines/1/sku");
    expect(missingOf(withoutLine(longer, 1))).toBe("");
    expect(missingOf(withoutLine(DRAFT, 0))).toBe("/lines");
    expect(missingOf(withValue(DRAFT, "/lines/0/quantity", "0"))).toBe("/lines/0/quantity");
  });

  it("shows rows in the order of a purchase order, and asks about the least sure", () => {
    const fields = [
      field("/lines/0/sku", 710, ["A", "B"]),
      field("/lines/0/quantity", 650),
      field("/customer", 990, ["C1", "C2"]),
    ];
    const rows = rowsOf(DRAFT, fields, []);
    expect(rows.map((row) => row.path)).toEqual([
      "/customer",
      "/store",
      "/lines/0/sku",
      "/lines/0/quantity",
      "/lines/0/remarks",
    ]);
    expect(doubtfulOf(rows, new Set())?.path).toBe("/lines/0/sku");
    expect(doubtfulOf(rows, new Set(["/lines/0/sku"]))).toBeUndefined();
    expect(answersOf(rows[2]).map((one) => one.value)).toEqual(["A", "B"]);
    const asked = rowsOf(DRAFT, fields, [{ code: "how_many", path: "/lines/0/quantity" }]);
    expect(doubtfulOf(asked, new Set())?.path).toBe("/lines/0/quantity");
  });

  it("is changed when a value is, not when a title is", () => {
    expect(isChanged(DRAFT, withValue(DRAFT, "/lines/0/sku", "A", "甲(新名)"))).toBe(false);
    expect(isChanged(DRAFT, withValue(DRAFT, "/lines/0/quantity", "4"))).toBe(true);
  });
});
