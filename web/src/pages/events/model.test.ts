import { expect, test } from "vitest";
import { readFilters, writeFilters } from "./model";

test("filters of one line are read as they were written", () => {
  const lines = [
    { dialect: "exact", path: "data.channel", text: "taobao", not: false },
    { dialect: "suffix", path: "data.lines.sku", text: "-2", not: true },
  ] as const;
  expect(writeFilters(lines)).toEqual([
    { exact: { "data.channel": "taobao" } },
    { not: { suffix: { "data.lines.sku": "-2" } } },
  ]);
  expect(readFilters(writeFilters(lines))).toEqual(lines);
});

test("what a line can't say is left to the API", () => {
  expect(readFilters([{ any: [{ exact: { type: "x" } }] }])).toBeNull();
  expect(readFilters([{ exact: { a: "1", b: "2" } }])).toBeNull();
});
