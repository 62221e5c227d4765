import { describe, expect, it } from "vitest";
import { placeLabels, project, radius, settle, type Spot } from "./places";

const apart = (a: Spot, b: Spot) => Math.hypot(a.x - b.x, a.y - b.y) - a.r - b.r;

describe("places on the map", () => {
  it("projects the corners of the frame", () => {
    expect(project(99, 47, 290, 280)).toEqual([0, 0]);
    expect(project(128, 19, 290, 280)).toEqual([290, 280]);
  });

  it("keeps nodes apart and inside, the same way each time", () => {
    const spots = Array.from({ length: 12 }, (_, at) => ({ x: 150 + (at % 2), y: 100, r: 6 }));
    spots.push({ x: -80, y: 40, r: 5 });
    const settled = settle(spots, 300, 200);
    for (const [at, spot] of settled.entries()) {
      expect(spot.x - spot.r).toBeGreaterThanOrEqual(0);
      expect(spot.x + spot.r).toBeLessThanOrEqual(300);
      for (const other of settled.slice(at + 1)) expect(apart(spot, other)).toBeGreaterThan(0);
    }
    expect(settle(spots, 300, 200)).toEqual(settled);
  });

  it("draws sizes between 4 and 9 px", () => {
    expect([radius(0, 100), radius(25, 100), radius(100, 100), radius(0, 0)]).toEqual([4, 6.5, 9, 4]);
  });

  it("puts no label over another or outside", () => {
    const a = { x: 280, y: 50, r: 5 };
    const b = { x: 270, y: 50, r: 5 };
    const places = placeLabels([a, b], [a, b].map((spot) => ({ spot, words: "苏州高架" })), 300, 100);
    expect(places[0]?.x).toBeLessThan(280);
    for (const place of places) {
      if (!place) continue;
      expect(place.x).toBeGreaterThanOrEqual(0);
      expect(place.x + place.width).toBeLessThanOrEqual(300);
    }
    const [first, second] = places;
    if (first && second) {
      const beside = first.x + first.width <= second.x || second.x + second.width <= first.x;
      expect(beside || Math.abs(first.y - second.y) >= 14).toBe(true);
    }
  });
});
