import { describe, expect, it } from "vitest";
import rainstorm from "../../../../src/danshu/data/policy_templates/rainstorm.json";
import type { Body, Context, Graph, Template, Vocabulary } from "./api";
import { addInput, addRow, blankGraph, blankTable, compare, dress, isSame, moveRow, removeRow, setCell, tablesOf, undress, valueAt, withValue } from "./model";

const template = rainstorm as unknown as Template;
const graph = template.graphs[0] as Graph;
const node = tablesOf(graph)[0]?.node.id ?? "";
const field = (path: string, kind: "bool" | "int") => ({ path, zh: path, en: path, kind, unit: "", values: [] });
const words: Vocabulary = {
  context: [field("order.cold", "bool"), field("dest.weather_level", "int")],
  warehouse: [],
  effects: [],
  weather: [],
  levels: [],
};
const body = (graphs: readonly Graph[]): Body => ({ graphs, cases: [] });

describe("graphs in the editor and out of it", () => {
  it("come back as they went in", () => {
    expect(isSame(undress(graph.code, dress(graph, words), graph), graph)).toBe(true);
  });

  it("carry types for the editor only", () => {
    const inputs = tablesOf(dress(graph, words))[0]?.table.inputs ?? [];
    expect(inputs.map((one) => one.fieldType)).toEqual([{ type: "boolean" }, { type: "number" }]);
    expect(JSON.stringify(undress(graph.code, dress(graph, words), graph))).not.toContain("ieldType");
  });

  it("give a new table the columns of policies", () => {
    const fresh = { inputs: [{ id: "a", name: "Input" }], outputs: [{ id: "b", name: "Output", field: "output" }], rules: [] };
    const drawn = { ...graph, nodes: [{ id: "n", type: "decisionTableNode", name: "规则表1", position: { x: 1.4, y: 2 }, content: fresh }] };
    const made = undress(graph.code, drawn, graph).nodes[0];
    expect(made?.content?.outputs?.map((one) => one.field)).toEqual(["effect", "where", "fen", "most", "reason"]);
    expect(made?.content?.outputPath).toBe("effects");
    expect(made?.position).toEqual({ x: 1, y: 2 });
  });
});

describe("rows", () => {
  it("are added, moved, changed and removed, and told as such", () => {
    const more = addRow(graph, node);
    expect(compare(body([graph]), body([more])).map((one) => one.kind)).toEqual(["added"]);
    expect(compare(body([more]), body([graph])).map((one) => one.kind)).toEqual(["removed"]);
    const changed = setCell(graph, node, "r2", "o3", "900");
    expect(compare(body([graph]), body([changed]))).toMatchObject([{ kind: "changed", columns: ["o3"] }]);
    const moved = moveRow(graph, node, "r1", 1);
    expect(compare(body([graph]), body([moved])).map((one) => one.kind)).toEqual(["moved", "moved"]);
    expect(moveRow(graph, node, "r1", -1)).toEqual(graph);
    expect(tablesOf(removeRow(graph, node, "r1"))[0]?.table.rules?.length).toBe(2);
  });

  it("have a cell in each column", () => {
    const wide = addInput(addRow(graph, node), node, "渠道", "order.channel");
    const table = tablesOf(wide)[0]?.table;
    const columns = [...(table?.inputs ?? []), ...(table?.outputs ?? [])].map((one) => one.id);
    for (const row of table?.rules ?? []) expect(Object.keys(row)).toEqual(expect.arrayContaining(columns));
  });

  it("that negotiate say windows, minutes and seconds", () => {
    const effect = tablesOf(graph)[0]?.table.outputs?.find((one) => one.field === "effect")?.id ?? "";
    const table = tablesOf(setCell(graph, node, "r3", effect, "'negotiate'"))[0]?.table;
    const row = table?.rules?.find((one) => one._id === "r3");
    expect([row?.windows, row?.window_min, row?.expiry_s]).toEqual(["2", "120", "60"]);
    expect(table?.rules?.[0]?.windows).toBe("");
    const typed = setCell(setCell(graph, node, "r3", effect, "'negotiate'"), node, "r3", "windows", "4");
    expect(tablesOf(typed)[0]?.table.rules?.find((one) => one._id === "r3")?.windows).toBe("4");
  });

  it("are one in a new table", () => {
    expect(blankTable().rules).toHaveLength(1);
    expect(blankGraph("x", "一", "one").nodes.map((one) => one.type)).toEqual(["inputNode", "outputNode"]);
  });
});

describe("contexts", () => {
  it("hold what is told and nothing else", () => {
    let context: Context = withValue({}, "order.cold", true);
    context = withValue(context, "dest.weather_level", 4);
    expect(valueAt(context, "order.cold")).toBe(true);
    expect(withValue(withValue(context, "order.cold", undefined), "dest.weather_level", undefined)).toEqual({});
  });
});
