import { describe, expect, it } from "vitest";
import { mendQuotes, readCell, readText, readWhere, type Test, writeCell, writeText, writeWhere } from "./cells";

const KINDS: Readonly<Record<string, string>> = {
  kind: "enum", code: "text", lockdown: "bool", weather_type: "int", weather_level: "int", labour: "ratio",
};

describe("cells", () => {
  it.each<[string, string, Test]>([
    ["", "int", { op: "any", values: [] }],
    [">= 3", "int", { op: "ge", values: ["3"] }],
    ["< 0.7", "ratio", { op: "lt", values: ["0.7"] }],
    ["5", "int", { op: "eq", values: ["5"] }],
    ["true", "bool", { op: "eq", values: ["true"] }],
    ["'taobao'", "text", { op: "eq", values: ["taobao"] }],
    ["in ['jd', 'taobao']", "text", { op: "in", values: ["jd", "taobao"] }],
    ["not in ['jd']", "text", { op: "notIn", values: ["jd"] }],
    ["[20261111..20261113]", "int", { op: "between", values: ["20261111", "20261113"] }],
  ])("%s is read and written back", (cell, kind, test) => {
    expect(readCell(cell)).toEqual(test);
    expect(writeCell(test, kind)).toBe(cell);
  });

  it("reads what the editor and people write otherwise", () => {
    expect(readCell('"jd"')).toEqual({ op: "eq", values: ["jd"] });
    expect(readCell("'jd', 'pdd'")).toEqual({ op: "in", values: ["jd", "pdd"] });
    expect(readCell("== 3")).toEqual({ op: "eq", values: ["3"] });
  });

  it.each(["$ > 3 and $ < 5", "red red", "len($) > 2", ">= 3, 4"])("leaves %s as it is", (cell) => {
    expect(readCell(cell)).toBeNull();
  });

  it("never writes a number that is none", () => {
    expect(writeCell({ op: "ge", values: ["3); x"] }, "int")).toBe(">= 0");
  });

  it("reads and writes texts, quotes among them", () => {
    for (const text of ["红色预警", 'kind == "ground"', "it's"]) expect(readText(writeText(text))).toBe(text);
    expect(readText("some(x)")).toBeNull();
    expect(mendQuotes('"a "quoted" word"')).toBe("'a \"quoted\" word'");
    expect(mendQuotes("'fine'")).toBe("'fine'");
  });
});

describe("selectors", () => {
  const kindOf = (field: string) => KINDS[field] ?? "text";

  it("reads a choice over one field as one test", () => {
    const where = '(kind == "ground" or kind == "underground") and weather_type == 2 and weather_level >= 4';
    expect(readWhere(where)).toEqual([
      { field: "kind", test: { op: "in", values: ["ground", "underground"] } },
      { field: "weather_type", test: { op: "eq", values: ["2"] } },
      { field: "weather_level", test: { op: "ge", values: ["4"] } },
    ]);
  });

  it.each([
    "",
    "lockdown",
    "not lockdown",
    'kind == "elevated"',
    'kind in ["ground", "underground"] and weather_level >= 4',
    'code not in ["WH-1"] and labour < 0.7',
  ])("%s is written as it was read", (where) => {
    expect(writeWhere(readWhere(where) ?? [], kindOf)).toBe(where);
  });

  it.each(["kind == 'a' or lockdown", "labour < equipment", "some(x, # > 1)", "(lockdown"])(
    "%s is left to people who write it",
    (where) => {
      expect(readWhere(where)).toBeNull();
    },
  );
});
