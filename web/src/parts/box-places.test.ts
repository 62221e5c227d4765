import { expect, test } from "vitest";
import { pagesOf, pointsOf, surenessOf, turnsOf } from "./box-places";

const box = (...places: number[]) => ({ path: "/x", confidence: 900, label: "", box: places });

test("a page is turned until most of its words stand upright", () => {
  expect(turnsOf([])).toBe(0);
  expect(turnsOf([box(0, 0, 90, 2, 90, 22, 0, 20)])).toBe(0);
  // Words that run from the top to the bottom were turned clockwise, so three quarters go on
  expect(turnsOf([box(20, 0, 20, 90, 0, 90, 0, 0), box(0, 0, 5, 0, 5, 5, 0, 5)])).toBe(3);
  expect(turnsOf([box(90, 20, 0, 20, 0, 0, 90, 0)])).toBe(2);
  expect(turnsOf([box(0, 90, 0, 0, 20, 0, 20, 90)])).toBe(1);
});

test("corners, colours and pages", () => {
  expect(pointsOf([1, 2, 3, 4, 5, 6, 7, 8])).toBe("1,2 3,4 5,6 7,8");
  expect([980, 899, 599].map(surenessOf)).toEqual(["sure", "doubtful", "unsure"]);
  expect(pagesOf("7", "application/pdf", [[10, 20]])[0]?.src).toBe("/v1/originals/7/pages/0");
  expect(pagesOf("7", "image/png", [[10, 20]])[0]?.src).toBe("/v1/originals/7/content");
});
