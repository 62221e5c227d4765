import { describe, expect, it } from "vitest";
import { type Filter, readFilters, replaced, writeFilters } from "./filters";

const channel: Filter = { field: "channel", op: "in", values: ["taobao", "jd"] };
const due: Filter = { field: "due", op: "lt", values: ["2h"] };

describe("filters in a link", () => {
  it.each<[string, Filter[]]>([
    ["channel.in.taobao,jd;due.lt.2h", [channel, due]],
    ["placed.ge.2026-11-22T14:31:55.120+08:00", [
      { field: "placed", op: "ge", values: ["2026-11-22T14:31:55.120+08:00"] },
    ]],
    ["tag.in.a%2Cb,c%3Bd,e%25f,普通.点", [
      { field: "tag", op: "in", values: ["a,b", "c;d", "e%f", "普通.点"] },
    ]],
    ["due.ge.0m;due.lt.today@16:00", [
      { field: "due", op: "ge", values: ["0m"] },
      { field: "due", op: "lt", values: ["today@16:00"] },
    ]],
    ["", []],
  ])("%s reads and writes as itself", (text, filters) => {
    expect(readFilters(text)).toEqual(filters);
    expect(writeFilters(filters)).toBe(text);
  });

  it.each([null, "nonsense", "due.before.2h", ".in.a", "channel.in.", "channel.in.,"])(
    "%s is no filter",
    (text) => expect(readFilters(text)).toEqual([]),
  );

  it("keeps what cannot be decoded as it is", () => {
    expect(readFilters("q.is.100%")).toEqual([{ field: "q", op: "is", values: ["100%"] }]);
  });

  it("replaces a condition in its place, adds at the end, and drops what has no values", () => {
    const more: Filter = { field: "channel", op: "in", values: ["douyin"] };
    expect(replaced([channel, due], channel, more)).toEqual([more, due]);
    expect(replaced([channel], undefined, due)).toEqual([channel, due]);
    expect(replaced([channel, due], channel, { ...channel, values: [] })).toEqual([due]);
  });

  it("has one condition a field and operator, as the hub demands", () => {
    const later: Filter = { field: "due", op: "lt", values: ["4h"] };
    const from: Filter = { field: "due", op: "ge", values: ["0m"] };
    expect(replaced([due], undefined, later)).toEqual([later]);
    expect(replaced([due, from], from, later)).toEqual([later]);
  });
});
