import type { AssetMap, AssetMapEdge, AssetMapNode } from "@/api/types.gen";

export const COLUMNS = ["source", "asset", "metric", "out"] as const;
export type ColumnName = (typeof COLUMNS)[number];

export const NODE_WIDTH_PX = 190;
export const NODE_HEIGHT_PX = 28;
const GAP_X_PX = 90;
const GAP_Y_PX = 8;
const TOP_PX = 32;

export interface Placed {
  node: AssetMapNode;
  column: ColumnName;
  x: number;
  y: number;
}

export interface Layout {
  nodes: readonly Placed[];
  lines: readonly { key: string; from: string; to: string; path: string }[];
  width_px: number;
  height_px: number;
}

export function columnOf(node: AssetMapNode): ColumnName {
  if (node.kind === "source" || node.kind === "metric") return node.kind;
  return node.kind === "asset" || node.kind === "registered" ? "asset" : "out";
}

/**
 * Places in four columns, from facts to what leaves the house. Assets stand as they come, and the
 * others at the mean height of the assets that they are joined to, so that lines cross little.
 */
export function place(map: AssetMap): Layout {
  const columns = new Map<ColumnName, AssetMapNode[]>(COLUMNS.map((name) => [name, []]));
  for (const node of map.nodes) columns.get(columnOf(node))?.push(node);
  const rank = new Map((columns.get("asset") ?? []).map((node, at) => [node.id, at]));
  const weight = (id: string) => {
    const near = map.edges.flatMap(({ source, target }) =>
      source === id ? [rank.get(target)] : target === id ? [rank.get(source)] : [],
    );
    const known = near.filter((one) => one !== undefined);
    return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : Number.MAX_SAFE_INTEGER;
  };
  const most = Math.max(...[...columns.values()].map((nodes) => nodes.length), 1);
  const height_px = TOP_PX + most * (NODE_HEIGHT_PX + GAP_Y_PX);
  const nodes = COLUMNS.flatMap((name, at) => {
    const here = columns.get(name) ?? [];
    const sorted =
      name === "asset" ? here : [...here].sort((a, b) => weight(a.id) - weight(b.id) || a.id.localeCompare(b.id));
    const step = (height_px - TOP_PX) / Math.max(sorted.length, 1);
    return sorted.map((node, row) => ({
      node,
      column: name,
      x: at * (NODE_WIDTH_PX + GAP_X_PX),
      y: TOP_PX + (row + 0.5) * step - NODE_HEIGHT_PX / 2,
    }));
  });
  const places = new Map(nodes.map((one) => [one.node.id, one]));
  const lines = map.edges.flatMap(({ source, target }) => {
    const [from, to] = [places.get(source), places.get(target)];
    if (!from || !to) return [];
    const [x1, y1] = [from.x + NODE_WIDTH_PX, from.y + NODE_HEIGHT_PX / 2];
    const [x2, y2] = [to.x, to.y + NODE_HEIGHT_PX / 2];
    const bend = (x2 - x1) / 2;
    const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    return [{ key: `${source} ${target}`, from: source, to: target, path }];
  });
  return { nodes, lines, height_px, width_px: COLUMNS.length * NODE_WIDTH_PX + (COLUMNS.length - 1) * GAP_X_PX };
}

/** Everything that a place is made of, and everything that is made of it, itself too. */
export function kin(edges: readonly AssetMapEdge[], id: string): ReadonlySet<string> {
  const found = new Set([id]);
  for (const [near, far] of [
    ["source", "target"],
    ["target", "source"],
  ] as const) {
    let front = new Set([id]);
    while (front.size > 0) {
      front = new Set(edges.filter((one) => front.has(one[near]) && one[far] !== id).map((one) => one[far]));
      for (const one of front) found.add(one);
    }
  }
  return found;
}
