import { describe, expect, it } from "vitest";
import {
  arrange,
  asTsv,
  between,
  type Column,
  isShown,
  move,
  putBefore,
  toggle,
  WIDTH_MAX_PX,
  WIDTH_MIN_PX,
  widen,
} from "./ledger-columns";

interface Row {
  no: string;
  goods: string;
}
const column = (key: string, more: Partial<Column<Row>> = {}): Column<Row> => ({
  key,
  title: key.toUpperCase(),
  width: 100,
  render: (row) => row.no,
  text: (row) => (key === "goods" ? row.goods : row.no),
  ...more,
});
const COLUMNS = [column("a"), column("no", { fixed: true }), column("goods"), column("z", { isExtra: true })];
const keys = (columns: readonly Column<Row>[]) => columns.map((one) => one.key);

describe("columns of a table", () => {
  it("puts fixed ones first, then the person's order, then the rest", () => {
    expect(keys(arrange(COLUMNS, {}))).toEqual(["no", "a", "goods", "z"]);
    expect(keys(arrange(COLUMNS, { order: ["goods", "a"] }))).toEqual(["no", "goods", "a", "z"]);
    expect(keys(arrange(COLUMNS, { order: ["gone", "z"] }))).toEqual(["no", "z", "a", "goods"]);
  });

  it("moves a column past its neighbour, not past the end", () => {
    const layout = move(COLUMNS, {}, "goods", -1);
    expect(keys(arrange(COLUMNS, layout))).toEqual(["no", "goods", "a", "z"]);
    expect(move(COLUMNS, layout, "z", 1)).toBe(layout);
  });

  it("puts a dragged column where it was dropped", () => {
    const layout = putBefore(COLUMNS, {}, "z", "a");
    expect(keys(arrange(COLUMNS, layout))).toEqual(["no", "z", "a", "goods"]);
    expect(putBefore(COLUMNS, layout, "a", "a")).toBe(layout);
    expect(putBefore(COLUMNS, layout, "strange", "a")).toBe(layout);
  });

  it("shows extra columns only when asked, and hides others only when asked", () => {
    const [plain, extra] = [COLUMNS[0] as Column<Row>, COLUMNS[3] as Column<Row>];
    expect([isShown(plain, {}), isShown(extra, {})]).toEqual([true, false]);
    expect(isShown(plain, toggle(plain, {}))).toBe(false);
    expect(isShown(extra, toggle(extra, {}))).toBe(true);
    expect(isShown(plain, toggle(plain, toggle(plain, {})))).toBe(true);
  });

  it("keeps widths within bounds", () => {
    expect(widen({}, "a", 1).widths).toEqual({ a: WIDTH_MIN_PX });
    expect(widen({}, "a", 9999).widths).toEqual({ a: WIDTH_MAX_PX });
    expect(arrange(COLUMNS, widen({}, "a", 123.4))[1]?.width).toBe(123);
  });

  it("copies rows that spreadsheets take apart again", () => {
    const rows = [{ no: "1", goods: "x\ty\nz" }];
    expect(asTsv([COLUMNS[1] as Column<Row>, COLUMNS[2] as Column<Row>], rows)).toBe(
      "NO\tGOODS\n1\tx y z",
    );
  });

  it("selects ranges in both directions", () => {
    expect(between(["a", "b", "c", "d"], "d", "b")).toEqual(["b", "c", "d"]);
    expect(between(["a", "b"], "gone", "b")).toEqual(["b"]);
    expect(between(["a", "b"], "a", "gone")).toEqual([]);
  });
});
