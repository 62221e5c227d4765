/** Where nodes and their labels are drawn: equirectangular, without borders, none over another. */

export const WEST = 99;
export const EAST = 128;
export const SOUTH = 19;
export const NORTH = 47;
/** Degrees between lines of the graticule. */
export const GRID_DEGREES = 5;
const RADIUS_MIN_PX = 4;
const RADIUS_MAX_PX = 9;
/** Room between two nodes, and between a node and the edge. */
const MARGIN_PX = 3;
const ROUNDS = 60;
const LABEL_HEIGHT_PX = 14;
const HAN_PX = 11;
const LATIN_PX = 6.2;

export interface Spot {
  x: number;
  y: number;
  r: number;
}

/** A label's left edge and the middle of its height. */
export interface LabelPlace {
  x: number;
  y: number;
  width: number;
}

/** The point of a longitude and latitude in a box of width x height px. */
export function project(lon: number, lat: number, width: number, height: number): [number, number] {
  const x = ((lon - WEST) / (EAST - WEST)) * width;
  const y = ((NORTH - lat) / (NORTH - SOUTH)) * height;
  return [x, y];
}

/** The radius of a node: the square root of its share of the largest, 4 to 9 px. */
export function radius(size: number, largest: number): number {
  const share = largest > 0 ? Math.sqrt(Math.max(0, size) / largest) : 0;
  return RADIUS_MIN_PX + share * (RADIUS_MAX_PX - RADIUS_MIN_PX);
}

/** Clamp to the box and push overlapping spots apart; the same input gives the same places. */
export function settle(spots: readonly Spot[], width: number, height: number): Spot[] {
  const out = spots.map((spot) => ({ ...spot }));
  for (let round = 0; round < ROUNDS; round += 1) {
    let moved = false;
    for (let i = 0; i < out.length; i += 1) {
      for (let j = i + 1; j < out.length; j += 1) {
        moved = part(out[i] as Spot, out[j] as Spot, i, j) || moved;
      }
    }
    for (const spot of out) {
      spot.x = Math.min(width - spot.r - MARGIN_PX, Math.max(spot.r + MARGIN_PX, spot.x));
      spot.y = Math.min(height - spot.r - MARGIN_PX, Math.max(spot.r + MARGIN_PX, spot.y));
    }
    if (!moved) break;
  }
  return out;
}

function part(a: Spot, b: Spot, i: number, j: number): boolean {
  const wanted = a.r + b.r + MARGIN_PX;
  let dx = b.x - a.x;
  let dy = b.y - a.y;
  let distance = Math.hypot(dx, dy);
  if (distance >= wanted) return false;
  if (distance < 0.01) {
    // On the same point: part along a direction that follows from their places in the list.
    dx = Math.cos(i + j);
    dy = Math.sin(i + j);
    distance = 1;
  }
  const push = (wanted - distance) / 2 / distance;
  a.x -= dx * push;
  a.y -= dy * push;
  b.x += dx * push;
  b.y += dy * push;
  return true;
}

/** How wide words are at 11 px, near enough to keep them apart. */
export function widthOf(words: string): number {
  return [...words].reduce((sum, one) => sum + (one > "\u2e80" ? HAN_PX : LATIN_PX), 0);
}

/**
 * Put a label to the right, left, below or above of its spot, wherever it covers least; those
 * placed first go first. Gives null for labels that would cover another label.
 */
export function placeLabels(
  spots: readonly Spot[],
  labels: readonly { spot: Spot; words: string }[],
  width: number,
  height: number,
): (LabelPlace | null)[] {
  const placed: LabelPlace[] = [];
  return labels.map(({ spot, words }) => {
    const room = widthOf(words);
    const beside = spot.r + 4;
    const stacked = spot.r + LABEL_HEIGHT_PX / 2 + 1;
    const tries = [
      { x: spot.x + beside, y: spot.y, width: room },
      { x: spot.x - beside - room, y: spot.y, width: room },
      { x: spot.x - room / 2, y: spot.y + stacked, width: room },
      { x: spot.x - room / 2, y: spot.y - stacked, width: room },
    ];
    const open = tries
      .filter((one) => one.x >= 0 && one.x + room <= width)
      .filter((one) => one.y > LABEL_HEIGHT_PX / 2 && one.y < height - LABEL_HEIGHT_PX / 2)
      .filter((one) => !placed.some((other) => crosses(one, other)))
      .map((one) => ({ one, cost: spots.filter((s) => s !== spot && covers(one, s)).length }))
      .sort((a, b) => a.cost - b.cost)[0]?.one;
    if (!open) return null;
    placed.push(open);
    return open;
  });
}

function crosses(a: LabelPlace, b: LabelPlace): boolean {
  const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x;
  return !isBeside && Math.abs(a.y - b.y) < LABEL_HEIGHT_PX;
}

function covers(label: LabelPlace, spot: Spot): boolean {
  const dx = Math.max(label.x - spot.x, 0, spot.x - label.x - label.width);
  const dy = Math.max(Math.abs(label.y - spot.y) - LABEL_HEIGHT_PX / 2, 0);
  return Math.hypot(dx, dy) < spot.r;
}
