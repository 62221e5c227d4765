import type { Body, Case, Column, Content, Context, Graph, GraphNode, Row, Vocabulary } from "./api";
import { mendQuotes, readText } from "./cells";

export const TABLE = "decisionTableNode";
/** Columns of a new table: what it looks at first, and what it may say. */
const OUTPUTS: readonly (readonly [string, string])[] = [
  ["effect", "效果"],
  ["where", "选哪些仓"],
  ["fen", "加减(分)"],
  ["most", "包裹上限"],
  ["reason", "原因"],
];

/** Columns that a table has once a row of it negotiates, with what such a row begins with. */
const CALL: readonly (readonly [string, string, string])[] = [
  ["windows", "时窗数", "2"],
  ["window_min", "时窗长(分钟)", "120"],
  ["expiry_s", "报价时限(秒)", "60"],
];

const id = () => crypto.randomUUID().slice(0, 8);

/** A table as it begins: looks at the warning where the goods go, says one effect, all rows speak. */
export function blankTable(): Content {
  const inputs = [{ id: "i1", name: "收货地预警级别", field: "dest.weather_level" }];
  const outputs = OUTPUTS.map(([field, name], n) => ({ id: `o${n + 1}`, name, field }));
  return {
    hitPolicy: "collect",
    passThrough: false,
    outputPath: "effects",
    executionMode: "single",
    inputs,
    outputs,
    rules: [blankRow({ inputs, outputs })],
  };
}

export function blankRow(table: Content): Row {
  const columns = [...(table.inputs ?? []), ...(table.outputs ?? [])];
  return { _id: id(), _description: "", ...Object.fromEntries(columns.map((one) => [one.id, ""])) };
}

/** A policy as it begins: from the order to its effects, with nothing in between. */
export function blankGraph(code: string, zh: string, en: string): Graph {
  return {
    code,
    zh,
    en,
    purpose: "",
    nodes: [
      { id: "in", type: "inputNode", name: "订单与信号", position: { x: 80, y: 200 } },
      { id: "out", type: "outputNode", name: "策略效果", position: { x: 760, y: 200 } },
    ],
    edges: [],
  };
}

/** A node as the editor drops it on the canvas gets the columns that policies have. */
function furnish(node: GraphNode): GraphNode {
  const table = node.content;
  if (node.type !== TABLE || !table) return node;
  const isNew = (table.rules ?? []).length === 0 && table.outputs?.length === 1 && table.outputs[0]?.field === "output";
  return isNew ? { ...node, content: blankTable() } : node;
}

/** Types of columns for the editor: what shows a dictionary's words, and what is a number. */
export function dress(graph: Graph, words: Vocabulary): Graph {
  const kinds = new Map(words.context.map((field) => [field.path, field]));
  const input = (column: Column): Column => {
    const field = kinds.get(column.field ?? "");
    if (!field) return column;
    if (field.kind === "bool") return { ...column, fieldType: { type: "boolean" } };
    if (field.kind === "int" || field.kind === "ratio") return { ...column, fieldType: { type: "number" } };
    const ref = field.kind === "enum" ? { enum: { type: "ref", ref: field.path } } : {};
    return { ...column, fieldType: { type: "string", ...ref } };
  };
  const output = (column: Column): Column => {
    const ref = { effect: "effect", where: "where" }[column.field ?? ""];
    if (ref) {
      const found = { type: "ref", ref, ...(ref === "where" ? { loose: true } : {}) };
      return { ...column, outputFieldType: { type: "string", enum: found } };
    }
    return column.field === "reason" ? { ...column, outputFieldType: { type: "string" } } : column;
  };
  return mapTables(graph, (table) => {
    const outputs = (table.outputs ?? []).map(output);
    const texts = outputs.filter((one) => one.outputFieldType).map((one) => one.id);
    // An empty text is a value that is chosen; an empty cell would be an expression to write.
    const rules = (table.rules ?? []).map((row) => ({
      ...row,
      ...Object.fromEntries(texts.map((id) => [id, row[id] || '""'])),
    }));
    return { ...table, inputs: (table.inputs ?? []).map(input), outputs, rules };
  });
}

/** Take a graph from the editor: without what only the editor needs, and with quotes that hold. */
export function undress(code: string, told: { nodes: readonly unknown[]; edges: readonly unknown[] }, old: Graph): Graph {
  const nodes = (told.nodes as GraphNode[]).map(furnish).map((node) => {
    const kept: GraphNode = { id: node.id, type: node.type, name: node.name, position: whole(node.position) };
    return node.content === undefined || node.content === null ? kept : { ...kept, content: node.content };
  });
  const edges = (told.edges as Graph["edges"][number][]).map((edge) => ({
    id: edge.id,
    sourceId: edge.sourceId,
    targetId: edge.targetId,
    type: "edge",
    ...(edge.sourceHandle ? { sourceHandle: edge.sourceHandle } : {}),
    ...(edge.targetHandle ? { targetHandle: edge.targetHandle } : {}),
  }));
  return mapTables({ ...old, code, nodes, edges }, (table) =>
    giveCalls({
      ...plain(table),
      inputs: (table.inputs ?? []).map(({ fieldType: _, ...column }) => plain(column) as Column),
      outputs: (table.outputs ?? []).map(({ outputFieldType: _, ...column }) => plain(column) as Column),
      rules: (table.rules ?? []).map(mendRow),
    }),
  );
}

/** Give a table with a row that negotiates the columns of a call; each such row says all of them. */
export function giveCalls(table: Content): Content {
  const effect = (table.outputs ?? []).find((one) => one.field === "effect")?.id ?? "";
  const isCall = (row: Row) => readText(row[effect] ?? "") === "negotiate";
  if (!(table.rules ?? []).some(isCall)) return table;
  const outputs = [...(table.outputs ?? [])];
  const begins = new Map<string, string>();
  for (const [field, name, value] of CALL) {
    const found = outputs.find((one) => one.field === field);
    if (!found) outputs.push({ id: field, name, field });
    begins.set(found?.id ?? field, value);
  }
  const rules = (table.rules ?? []).map((row) => ({
    ...row,
    ...Object.fromEntries([...begins].map(([at, value]) => [at, row[at] || (isCall(row) ? value : "")])),
  }));
  return { ...table, outputs, rules };
}

const whole = (position: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(position).map(([name, value]) => [name, Math.round(value)]));

/** Without what is undefined or null: absent and empty are one. */
const plain = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== null)) as T;

function mendRow(row: Row): Row {
  return Object.fromEntries(
    Object.entries(plain(row)).map(([name, cell]) => [name, name.startsWith("_") ? cell : mendCell(String(cell))]),
  );
}

const mendCell = (cell: string) => (/^(""|'')$/.test(cell.trim()) ? "" : mendQuotes(cell));

function mapTables(graph: Graph, change: (table: Content, node: GraphNode) => Content): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.type === TABLE && node.content ? { ...node, content: change(node.content, node) } : node,
    ),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined && one !== null && one !== "")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}

/** Tell whether two graphs, cases or sets say the same; what is absent and what is empty are one. */
export const isSame = (one: unknown, other: unknown) =>
  one === other || JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** Change a graph's table. */
export const changeTable = (graph: Graph, node: string, change: (table: Content) => Content): Graph =>
  mapTables(graph, (table, at) => (at.id === node ? change(table) : table));

/** Change one cell, or the description (`_description`), of a row. */
export const setCell = (graph: Graph, node: string, row: string, column: string, cell: string): Graph =>
  changeTable(graph, node, (table) =>
    giveCalls({
      ...table,
      rules: (table.rules ?? []).map((one) => (one._id === row ? { ...one, [column]: cell } : one)),
    }),
  );

export const addRow = (graph: Graph, node: string): Graph =>
  changeTable(graph, node, (table) => ({ ...table, rules: [...(table.rules ?? []), blankRow(table)] }));

export const removeRow = (graph: Graph, node: string, row: string): Graph =>
  changeTable(graph, node, (table) => ({
    ...table,
    rules: (table.rules ?? []).filter((one) => one._id !== row),
  }));

/** Move a row up (-1) or down (1). */
export const moveRow = (graph: Graph, node: string, row: string, by: number): Graph =>
  changeTable(graph, node, (table) => {
    const rules = [...(table.rules ?? [])];
    const at = rules.findIndex((one) => one._id === row);
    const to = at + by;
    if (at < 0 || to < 0 || to >= rules.length) return table;
    rules.splice(to, 0, ...rules.splice(at, 1));
    return { ...table, rules };
  });

/** Look at another field: a condition column, empty in every row. */
export const addInput = (graph: Graph, node: string, name: string, field: string): Graph =>
  changeTable(graph, node, (table) => {
    const column = { id: id(), name, field };
    return {
      ...table,
      inputs: [...(table.inputs ?? []), column],
      rules: (table.rules ?? []).map((row) => ({ ...row, [column.id]: "" })),
    };
  });

/** The tables of a graph, in the order in which they are passed. */
export function tablesOf(graph: Graph): { node: GraphNode; table: Content }[] {
  return graph.nodes
    .filter((node) => node.type === TABLE && node.content)
    .map((node) => ({ node, table: node.content as Content }));
}

/** A row that one set has otherwise than another. */
export interface RowChange {
  graph: Graph;
  node: GraphNode;
  kind: "added" | "removed" | "changed" | "moved";
  row: Row;
  was?: Row;
  /** Ids of the columns whose cells differ. */
  columns: readonly string[];
}

/** Tell how the rows of a set differ from another's, by policy, node and row. */
export function compare(before: Body, after: Body): RowChange[] {
  const out: RowChange[] = [];
  const index = (body: Body) => {
    const found = new Map<string, { graph: Graph; node: GraphNode; row: Row; at: number }>();
    for (const graph of body.graphs) {
      for (const { node, table } of tablesOf(graph)) {
        (table.rules ?? []).forEach((row, at) =>
          found.set(`${graph.code}/${node.id}/${row._id ?? at}`, { graph, node, row, at }),
        );
      }
    }
    return found;
  };
  const [was, is] = [index(before), index(after)];
  for (const [key, { graph, node, row, at }] of is) {
    const old = was.get(key);
    if (!old) {
      out.push({ graph, node, kind: "added", row, columns: [] });
      continue;
    }
    const names = new Set([...Object.keys(row), ...Object.keys(old.row)]);
    const columns = [...names].filter((name) => name !== "_id" && (row[name] ?? "") !== (old.row[name] ?? ""));
    if (columns.length > 0) out.push({ graph, node, kind: "changed", row, was: old.row, columns });
    else if (at !== old.at) out.push({ graph, node, kind: "moved", row, columns: [] });
  }
  for (const [key, { graph, node, row }] of was) {
    if (!is.has(key)) out.push({ graph, node, kind: "removed", row, columns: [] });
  }
  return out;
}

/** Paths of the fields that a graph looks at, so that a form asks for no others. */
export function fieldsOf(graphs: readonly Graph[], words: Vocabulary): string[] {
  const text = JSON.stringify(graphs);
  return words.context.map((field) => field.path).filter((path) => text.includes(path));
}

/** The value of a field in a context; undefined where it is not told. */
export const valueAt = (context: Context, path: string): unknown => {
  const [root = "", name = ""] = path.split(".");
  return context[root]?.[name];
};

/** A context with a value more, or one less (undefined). */
export function withValue(context: Context, path: string, value: unknown): Context {
  const [root = "", name = ""] = path.split(".");
  const { [name]: _, ...rest } = context[root] ?? {};
  const told = value === undefined ? rest : { ...rest, [name]: value };
  const { [root]: __, ...others } = context;
  return Object.keys(told).length > 0 ? { ...others, [root]: told } : others;
}

export const isCaseSame = (one: Case["expect"], other: Case["expect"]) => isSame(one, other);
