import { readFileSync } from "node:fs";
import { parseAst, type Plugin } from "vite";

/** The editor's code; its version is pinned, and so are the places that are changed here. */
const EDITOR = /@gorules\/jdm-editor\/dist\/(index|schema)\.js$/;
/** What people read stands under these names. */
const SAID = new Set([
  "aria-label", "cancelText", "children", "content", "description", "displayName", "emptyText",
  "group", "header", "helper", "label", "message", "okText", "placeholder", "shortDescription",
  "subTitle", "text", "title", "tooltip",
]);
const ENGLISH = /^[A-Z(][\sA-Za-z0-9'’".,:;!?()/…-]*$/;
const NO_WORDS = /^(https?:|var\(|#|[A-Z]+$|[A-Z]{2})/;

interface Node {
  type: string;
  start: number;
  end: number;
  [more: string]: unknown;
}

/** A text of the editor that people read, and where it stands. */
interface Place {
  text: string;
  start: number;
  end: number;
  /** Read once, when the module is loaded: the language of the day is asked at each reading. */
  property?: Node;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";
const keyOf = (node: Node): string => {
  const key = node.key as Node | undefined;
  return String((key?.name ?? key?.value ?? "") as string);
};
const isFunction = (node: Node) => /Function/.test(node.type);

/** Find the texts under `value`, through lists, choices and defaults. */
function* texts(value: Node): Generator<Node> {
  if (value.type === "Literal") {
    if (typeof value.value === "string") yield value;
  } else if (value.type === "ArrayExpression") {
    for (const one of value.elements as (Node | null)[]) if (one) yield* texts(one);
  } else if (value.type === "ConditionalExpression") {
    yield* texts(value.consequent as Node);
    yield* texts(value.alternate as Node);
  } else if (value.type === "LogicalExpression") {
    yield* texts(value.right as Node);
  } else if (value.type === "ParenthesizedExpression") {
    yield* texts(value.expression as Node);
  }
}

function* walk(node: Node, depth = 0): Generator<Place> {
  const inside = depth + (isFunction(node) ? 1 : 0);
  if (node.type === "Property" && SAID.has(keyOf(node)) && isNode(node.value)) {
    const value = node.value.type === "AssignmentPattern" ? (node.value.right as Node) : node.value;
    for (const text of texts(value)) {
      const isWhole = text === value && depth === 0 && !node.computed && !node.shorthand;
      yield {
        text: String(text.value),
        start: text.start,
        end: text.end,
        ...(isWhole ? { property: node } : {}),
      };
    }
  }
  for (const [name, value] of Object.entries(node)) {
    if (name === "parent") continue;
    if (isNode(value)) yield* walk(value, inside);
    else if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) yield* walk(one, inside);
    }
  }
}

/** Give every text of the editor's code that people may read, with its places. */
export function find(code: string): Place[] {
  return [...walk(parseAst(code) as unknown as Node)].filter(
    (place) => place.text.trim().length > 1 && /[A-Za-z]{2}/.test(place.text),
  );
}

/** Tell whether a text is English for people, by its look. */
export const isEnglish = (text: string) =>
  ENGLISH.test(text) && !NO_WORDS.test(text) && text.length > 1;

/** The editor's Chinese: text of the editor → what it says in Chinese. */
export const readWords = (): Record<string, string> =>
  JSON.parse(readFileSync(new URL("./words.json", import.meta.url), "utf8")) as Record<string, string>;

/**
 * Make the editor speak the console's language, and put the page's nonce on the style elements that
 * it makes: the policy of the server lets no other in. Throws when a place is not as it was in the
 * pinned version.
 */
export function translate(code: string, words: Record<string, string>): string {
  const edits: { start: number; end: number; by: string }[] = [];
  for (const place of find(code)) {
    if (words[place.text] === undefined) continue;
    const call = `globalThis.__jdmSay(${JSON.stringify(place.text)})`;
    const key = place.property && code.slice((place.property.key as Node).start, (place.property.key as Node).end);
    edits.push(
      place.property
        ? { start: place.property.start, end: place.property.end, by: `get ${key}() { return ${call}; }` }
        : { start: place.start, end: place.end, by: call },
    );
  }
  edits.sort((a, b) => b.start - a.start);
  let out = code;
  for (const { start, end, by } of edits) out = out.slice(0, start) + by + out.slice(end);
  return /lineWrapping/.test(out) ? mendMain(out) : out;
}

function mendMain(code: string): string {
  return mend(code, [
    // Names that a new node has are words too.
    [/`(decisionTable|expression|switch)\$\{(\w+)\}`/g, '`${globalThis.__jdmSay("$1")}${$2}`'],
    [/name: "(request|response)"/g, 'name: globalThis.__jdmSay("$1")'],
    [/`Delete \$\{(\w+)\}`/, '`${globalThis.__jdmSay("Delete")} ${$1}`'],
    [/"nodes" : "node"/, 'globalThis.__jdmSay("nodes") : globalThis.__jdmSay("node")'],
    [/\? "Nodes" : "Graph"/, '? globalThis.__jdmSay("nodes") : globalThis.__jdmSay("Graph")'],
    // A change is told at once: whoever left within 100 ms lost what was typed last.
    [/\n {2}\}, 100\);/g, "\n  }, 0);"],
    // Highlighted cells: a style element made by hand.
    [/document\.createElement\("style"\)/g, 'Object.assign(document.createElement("style"), { nonce: globalThis.__jdmNonce })'],
    // CodeMirror mounts its styles by itself, and takes the nonce as a facet.
    [/(\w+)\.lineWrapping,/g, "$1.lineWrapping, $1.cspNonce.of(globalThis.__jdmNonce),"],
  ]);
}

function mend(code: string, changes: readonly (readonly [RegExp, string])[]): string {
  return changes.reduce((text, [found, by]) => {
    if (text.search(found) < 0) throw new Error(`the editor has no ${String(found)}: was it updated?`);
    return text.replace(found, by);
  }, code);
}

/** The policy canvas's editor as a part of this console. */
export function jdmEditor(): Plugin {
  return {
    name: "danshu:jdm-editor",
    enforce: "pre",
    transform(code, id) {
      if (!EDITOR.test(id.split("?")[0] ?? "")) return null;
      return { code: translate(code, readWords()), map: null };
    },
  };
}
