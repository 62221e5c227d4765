import { expect, test } from "vitest";
import { fieldOf, labelsOf, ownLabel, pointsOf, suggestAnchors } from "./pointing";

const SEEN = {
  kind: "document",
  engine: "",
  version: "",
  digest: "",
  pages: [[400, 1_000]] as [number, number][],
  // A quarter turn clockwise: (x, y) of the picture lies at (1000 - y, x) upright
  figures: { page0_upright0: 0, page0_upright1: -1, page0_upright2: 1_000, page0_upright3: 1, page0_upright4: 0, page0_width: 1_000 },
  pieces: [
    { text: "采购单", confidence: 990, box: [10, 900, 10, 800, 40, 800, 40, 900] },
    { text: "单号：", confidence: 990, box: [100, 950, 100, 850, 130, 850, 130, 950] },
    { text: "WC-1", confidence: 990, box: [100, 840, 100, 700, 130, 700, 130, 840] },
    { text: "690", confidence: 990, kind: "ean13", box: [0, 0, 1, 0, 1, 1, 0, 1] },
  ],
};

test("words are laid upright, and a field counts from its label", () => {
  const points = pointsOf(SEEN);
  expect(points.map((one) => one.at)).toEqual([
    [100, 10, 200, 40],
    [50, 100, 150, 130],
    [160, 100, 300, 130],
  ]);
  const [, label, value] = points;
  if (!label || !value) throw new Error("no points");
  expect(labelsOf(value, points)[0]).toBe(label);
  expect(fieldOf("number", value, label)).toEqual({ role: "number", label: "单号", box: [110, 0, 250, 30] });
  expect(fieldOf("number", value, null).box).toEqual([160, 100, 300, 130]);
  expect(suggestAnchors(points).map((one) => one.text)).toEqual(["采购单"]);
  expect(ownLabel("NO.: 7")).toBe("NO.");
});
