import type {
  IntentAction,
  IntentEquipment,
  IntentGraph,
  IntentRegulation,
  IntentSymptom,
} from "@/api/types.gen";
import { byLocale } from "@/i18n";

export type Kind = "symptom" | "regulation" | "action" | "equipment";
export const KINDS = ["symptom", "regulation", "action", "equipment"] as const;
const MEMBERS = {
  symptom: "symptoms",
  regulation: "regulations",
  action: "actions",
  equipment: "equipment",
} as const;

/** A node with every member there, whatever its kind has. */
export interface Node {
  kind: Kind;
  code: string;
  title: string;
  title_en: string;
  spellings: string[];
  equipment: string[];
  regulations: string[];
  number: string;
  clause: string;
  text: string;
  source: string;
  verified_by: string;
  requires: string[];
  forbids: string[];
  replaces: string[];
  level: number;
  service: string;
  parts: string[];
  release: string;
  contradicts: string[];
}

type Some = Partial<Omit<Node, "kind">> & { code: string };

const SHAPES: Readonly<Record<Kind, readonly (keyof Node)[]>> = {
  symptom: ["code", "title", "title_en", "spellings", "equipment", "regulations"],
  regulation: [
    ...(["code", "number", "title", "title_en", "clause", "text", "source"] as const),
    ...(["verified_by", "equipment", "requires", "forbids", "replaces"] as const),
  ],
  action: [
    ...(["code", "title", "title_en", "spellings", "level", "service"] as const),
    ...(["parts", "release", "contradicts"] as const),
  ],
  equipment: ["code", "title", "title_en", "spellings"],
};

export function blank(kind: Kind, code: string): Node {
  return {
    kind,
    code,
    title: "",
    title_en: "",
    spellings: [],
    equipment: [],
    regulations: [],
    number: "",
    clause: "",
    text: "",
    source: "",
    verified_by: "",
    requires: [],
    forbids: [],
    replaces: [],
    level: 0,
    service: "",
    parts: [],
    release: "",
    contradicts: [],
  };
}

/** The nodes of a kind. */
export function nodes(graph: IntentGraph, kind: Kind): readonly Node[] {
  const found = (graph[MEMBERS[kind]] ?? []) as readonly (
    | IntentSymptom
    | IntentRegulation
    | IntentAction
    | IntentEquipment
  )[];
  return found.map((one) => ({ ...blank(kind, one.code), ...(one as Some) }));
}

export function find(graph: IntentGraph, kind: Kind, code: string): Node | undefined {
  return nodes(graph, kind).find((one) => one.code === code);
}

/** The graph with a node put, or (undefined) taken out. */
export function putNode(
  graph: IntentGraph,
  kind: Kind,
  code: string,
  node: Node | undefined,
): IntentGraph {
  const before = nodes(graph, kind);
  const next = node
    ? before.some((one) => one.code === code)
      ? before.map((one) => (one.code === code ? node : one))
      : [...before, node]
    : before.filter((one) => one.code !== code);
  return { ...graph, [MEMBERS[kind]]: next.map((one) => plain(one)) };
}

/** A node as the hub takes it: the members of its kind and no others. */
function plain(node: Node): Some {
  const told = Object.fromEntries(SHAPES[node.kind].map((name) => [name, node[name]]));
  return told as Some;
}

/** What the shipped graph becomes with what a merchant adds, as the hub unites them. */
export function unite(base: IntentGraph, own: IntentGraph): IntentGraph {
  let whole = base;
  for (const kind of KINDS)
    for (const mine of nodes(own, kind)) {
      const was = find(base, kind, mine.code);
      whole = putNode(whole, kind, mine.code, was ? join(was, mine) : mine);
    }
  return whole;
}

function join(was: Node, mine: Node): Node {
  const told: Record<string, unknown> = { ...was };
  for (const name of SHAPES[was.kind]) {
    const [old, more] = [was[name], mine[name]];
    if (Array.isArray(old) && Array.isArray(more)) {
      if (name !== "equipment" || old.length > 0) told[name] = [...new Set([...old, ...more])];
    } else if (name === "level") told[name] = Math.max(Number(old), Number(more));
    else if (more && name !== "number") told[name] = more;
  }
  return told as unknown as Node;
}

/** What a node is called on the page. */
export function nameOf(node: Node | undefined): string {
  if (!node) return "";
  const name = byLocale(node.title, node.title_en) || node.code;
  return node.kind === "regulation" && node.number ? `${node.number} ${name}` : name;
}

export interface Line {
  from: string;
  to: string;
  link: "governed_by" | "requires" | "forbids";
}

export const keyOf = (kind: Kind, code: string) => `${kind}:${code}`;

/** Every link of the three columns. */
export function lines(graph: IntentGraph): readonly Line[] {
  const of = (kind: Kind, codes: readonly string[]) => codes.map((code) => keyOf(kind, code));
  return [
    ...nodes(graph, "symptom").flatMap((one) =>
      of("regulation", one.regulations).map((to) => ({
        from: keyOf("symptom", one.code),
        to,
        link: "governed_by" as const,
      })),
    ),
    ...nodes(graph, "regulation").flatMap((one) => [
      ...of("action", one.requires).map((to) => ({
        from: keyOf("regulation", one.code),
        to,
        link: "requires" as const,
      })),
      ...of("action", one.forbids).map((to) => ({
        from: keyOf("regulation", one.code),
        to,
        link: "forbids" as const,
      })),
    ]),
  ];
}

/** What is linked with a node, in either direction, through the columns. */
export function around(all: readonly Line[], key: string): ReadonlySet<string> {
  const found = new Set([key]);
  for (const one of all) if (one.from === key) found.add(one.to);
  for (const one of all) if (one.to === key) found.add(one.from);
  if (key.startsWith("symptom:"))
    for (const one of all)
      if (found.has(one.from) && one.from !== key && one.link !== "governed_by") found.add(one.to);
  if (key.startsWith("action:"))
    for (const one of all)
      if (found.has(one.to) && one.to !== key && one.link === "governed_by") found.add(one.from);
  return found;
}

/** A code for a new name: what the hub takes, and nobody has. */
export function codeFor(graph: IntentGraph, kind: Kind, title: string): string {
  const base = title.replace(/[^A-Za-z0-9_\u4e00-\u9fff]/g, "").slice(0, 36) || kind;
  let code = base;
  for (let no = 2; find(graph, kind, code); no += 1) code = `${base}${no}`;
  return code;
}
