import { expect, test } from "vitest";
import type { AssetMap, AssetMapNode } from "@/api/types.gen";
import { kin, place } from "./layout";

const node = (id: string): AssetMapNode => ({
  id,
  kind: id.split(":")[0] as AssetMapNode["kind"],
  title: { zh: id, en: id },
  level: 1,
  sensitive: [],
  note: "",
});

const map: AssetMap = {
  nodes: ["source:orders", "source:returns", "asset:a", "asset:b", "metric:m", "export:b"].map(node),
  edges: [
    { source: "source:returns", target: "asset:a" },
    { source: "source:orders", target: "asset:b" },
    { source: "asset:b", target: "metric:m" },
    { source: "asset:b", target: "export:b" },
  ],
};

test("sources stand at the height of what is made of them", () => {
  const { nodes, lines } = place(map);
  const y = (id: string) => nodes.find((one) => one.node.id === id)?.y ?? 0;
  expect(y("source:returns")).toBeLessThan(y("source:orders"));
  expect(lines).toHaveLength(4);
  expect(new Set(nodes.map((one) => one.x)).size).toBe(4);
});

test("the kin of a place are what it is made of and what is made of it", () => {
  expect([...kin(map.edges, "asset:b")].sort()).toEqual(["asset:b", "export:b", "metric:m", "source:orders"]);
  expect(kin(map.edges, "source:returns")).toEqual(new Set(["source:returns", "asset:a"]));
});
