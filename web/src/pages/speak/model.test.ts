import { expect, test } from "vitest";
import type { OriginalRow, Parsed } from "@/api/types.gen";
import { answered, lackOf, questionOf, type Spoken, sureOf, titleOf } from "./model";

const PARSED = {
  intent: "order",
  draft: { lines: [] },
  confidence: 800,
  fields: [{ path: "/store", value: "S1", confidence: 910, said: "广场店" }],
  questions: [
    {
      code: "heard_differently",
      path: "/lines/0/quantity",
      candidates: [{ value: "3" }, { value: "4" }],
    },
  ],
} as unknown as Parsed;
const SPOKEN: Spoken = {
  original: {} as OriginalRow,
  draft: { store: "S1", lines: [{ sku: "K1", quantity: 0 }] },
  parsed: PARSED,
  changed: [],
};

test("an answer stands in the draft, closes its question and is nobody's guess any more", () => {
  expect(lackOf(SPOKEN.draft)).toBe("/lines/0/quantity");
  const question = questionOf(SPOKEN);
  expect(question?.path).toBe("/lines/0/quantity");
  const told = answered(SPOKEN, "/lines/0/quantity", { value: "4" });
  expect(told.draft.lines?.[0]?.quantity).toBe(4);
  expect(SPOKEN.draft.lines?.[0]?.quantity).toBe(0);
  expect(questionOf(told)).toBeUndefined();
  expect(sureOf(told, "/lines/0/quantity")).toBeUndefined();
  expect(lackOf(told.draft)).toBe("");
});

test("a value is called by its title, else by what was said, else by itself", () => {
  expect(titleOf(SPOKEN, "/store", "S1")).toBe("广场店");
  expect(titleOf(SPOKEN, "/store", "S2")).toBe("S2");
});

test("what is added is one of several", () => {
  const told = answered(SPOKEN, "/lines/0/options", { value: "O1" });
  expect(told.draft.lines?.[0]?.options).toEqual(["O1"]);
  expect(answered(told, "/lines/0/options", { value: "O2" }).draft.lines?.[0]?.options).toEqual(["O1", "O2"]);
});
