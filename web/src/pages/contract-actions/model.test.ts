import { expect, test } from "vitest";
import { below, namesIn, readSpan, writeSpan } from "./model";

test.each(["PT48H", "P180D", "PT5M", "PT30S", "P3Y"])("%s is read and written", (text) => {
  const span = readSpan(text);
  expect(span && writeSpan(span)).toBe(text);
});

test.each(["", "P", "PT", "48H", "P1DT2H", "PT1.5H"])("%s is no span of one unit", (text) => {
  expect(readSpan(text)).toBeUndefined();
});

test("names in braces are found once, in order", () => {
  expect(namesIn("{hours}小时,{pct}%", "{hours} hours", undefined)).toEqual(["hours", "pct"]);
});

test("a finding belongs to its place and to those above", () => {
  const at = (pointer: string) => ({ pointer }) as Parameters<typeof below>[0][number];
  const all = [at("/evidence/1/kind"), at("/evidence"), at("/evidence/10")];
  expect(below(all, "/evidence/1")).toEqual([all[0]]);
  expect(below(all, "/evidence")).toHaveLength(3);
});
