/**
 * What a cell of a table or a selector of warehouses says, read into tests that a form can show, and
 * written back. What cannot be read stays as it is written: null, and people see the text.
 */
export type Op = "any" | "eq" | "ne" | "ge" | "gt" | "le" | "lt" | "in" | "notIn" | "between";

export interface Test {
  op: Op;
  /** As written, texts without their quotes. */
  values: readonly string[];
}

/** One test of a selector, on a field of a warehouse. */
export interface Clause {
  field: string;
  test: Test;
}

export const OPS: Readonly<Record<string, readonly Op[]>> = {
  bool: ["any", "eq"],
  int: ["any", "eq", "ne", "ge", "gt", "le", "lt", "between", "in"],
  ratio: ["any", "ge", "gt", "le", "lt", "between"],
  text: ["any", "eq", "ne", "in", "notIn"],
  enum: ["any", "eq", "ne", "in", "notIn"],
};
const SIGNS: Readonly<Record<string, Op>> = {
  "==": "eq", "!=": "ne", ">=": "ge", ">": "gt", "<=": "le", "<": "lt",
};
const WRITTEN = Object.fromEntries(Object.entries(SIGNS).map(([sign, op]) => [op, sign]));
const LITERAL = String.raw`(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false)`;
const LIST = new RegExp(`^\\s*(${LITERAL})\\s*(?:,\\s*(.*))?$`, "s");
const BARE = /^(-?\d+(\.\d+)?|true|false)$/;

const unquote = (text: string) => (/^['"]/.test(text) ? (readText(text) ?? text) : text);

/** Read the text that a cell holds between quotes; null when it is no plain text. */
export function readText(cell: string): string | null {
  const told = cell.trim();
  if (told === "") return "";
  const found = /^'((?:[^'\\]|\\.)*)'$/s.exec(told) ?? /^"((?:[^"\\]|\\.)*)"$/s.exec(told);
  return found ? (found[1] ?? "").replace(/\\(['"\\])/g, "$1") : null;
}

/** Write a text as a cell; "" leaves the cell empty. */
export function writeText(text: string): string {
  if (text === "") return "";
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `'${text.replaceAll("'", "’")}'` : `"${text}"`;
}

/** The editor puts quotes around a text without a look at quotes inside: put them right. */
export function mendQuotes(cell: string): string {
  const found = /^"(.*)"$/s.exec(cell.trim());
  if (!found || readText(cell) !== null) return cell;
  return writeText(found[1] ?? "");
}

function readList(text: string): string[] | null {
  const out: string[] = [];
  for (let rest: string | undefined = text; rest !== undefined && rest !== ""; ) {
    const found: RegExpExecArray | null = LIST.exec(rest);
    if (!found) return null;
    out.push(unquote(found[1] ?? ""));
    rest = found[2];
  }
  return out.length > 0 ? out : null;
}

/** Read a cell under a condition column; null when a form cannot show it. */
export function readCell(cell: string): Test | null {
  const text = cell.trim();
  if (text === "" || text === "-") return { op: "any", values: [] };
  const range = /^\[\s*(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)\s*\]$/.exec(text);
  if (range) return { op: "between", values: [range[1] ?? "", range[2] ?? ""] };
  const among = /^(not\s+)?in\s*\[(.*)\]$/s.exec(text);
  if (among) {
    const values = readList(among[2] ?? "");
    return values && { op: among[1] ? "notIn" : "in", values };
  }
  const sign = /^(==|!=|>=|<=|>|<)\s*(.+)$/s.exec(text);
  const values = readList(sign ? (sign[2] ?? "") : text);
  if (!values) return null;
  if (sign) return values.length === 1 ? { op: SIGNS[sign[1] ?? ""] ?? "eq", values } : null;
  return { op: values.length > 1 ? "in" : "eq", values };
}

const quote = (value: string, kind: string) =>
  kind === "text" || kind === "enum" ? writeText(value) || "''" : BARE.test(value) ? value : "0";

/** Write a test as a cell. */
export function writeCell(test: Test, kind: string): string {
  const values = test.values.map((value) => quote(value, kind));
  const first = values[0] ?? "";
  if (test.op === "any" || values.length === 0) return "";
  if (test.op === "between") return `[${first}..${values[1] ?? first}]`;
  if (test.op === "in") return values.length === 1 ? first : `in [${values.join(", ")}]`;
  if (test.op === "notIn") return `not in [${values.join(", ")}]`;
  return test.op === "eq" ? first : `${WRITTEN[test.op] ?? "=="} ${first}`;
}

type Token = string;
const TOKEN = new RegExp(`\\s*(${LITERAL}|\\.\\.|==|!=|>=|<=|[><()\\[\\],]|[A-Za-z_][\\w.]*)`, "gsy");

function split(text: string): Token[] | null {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (!found) return null;
    out.push(found[1] ?? "");
  }
  return out;
}

/** Reads `a and (b or c)` where the or is over one field; anything else is given up. */
class Reader {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  read(): Clause[] | null {
    const out = this.all();
    return out && this.at === this.tokens.length ? out : null;
  }

  private all(): Clause[] | null {
    const out: Clause[] = [];
    do {
      const one = this.one();
      if (!one) return null;
      out.push(...one);
    } while (this.take("and"));
    return this.peek() === "or" ? null : out;
  }

  private one(): Clause[] | null {
    if (this.take("(")) return this.either();
    if (this.take("not")) {
      const field = this.next();
      return isName(field) ? [{ field, test: { op: "eq", values: ["false"] } }] : null;
    }
    const field = this.next();
    if (!isName(field)) return null;
    const isNot = this.peek() === "not" && this.tokens[this.at + 1] === "in" && this.take("not");
    if (this.take("in")) {
      const values = this.list();
      return values && [{ field, test: { op: isNot ? "notIn" : "in", values } }];
    }
    const op = SIGNS[this.peek()];
    if (!op) return [{ field, test: { op: "eq", values: ["true"] } }];
    this.at += 1;
    const value = this.next();
    return isName(value) && !BARE.test(value) ? null : [{ field, test: { op, values: [unquote(value)] } }];
  }

  /** After "(": either values of one field, or tests that all hold. */
  private either(): Clause[] | null {
    const first = this.one();
    if (!first) return null;
    if (this.peek() !== "or") {
      const out = [...first];
      while (this.take("and")) {
        const more = this.one();
        if (!more) return null;
        out.push(...more);
      }
      return this.take(")") ? out : null;
    }
    const found = [...first];
    while (this.take("or")) {
      const more = this.one();
      if (!more) return null;
      found.push(...more);
    }
    const field = found[0]?.field ?? "";
    const isOne = found.every((one) => one.field === field && one.test.op === "eq");
    if (!isOne || !this.take(")")) return null;
    return [{ field, test: { op: "in", values: found.map((one) => one.test.values[0] ?? "") } }];
  }

  private list(): string[] | null {
    if (!this.take("[")) return null;
    const out: string[] = [];
    while (!this.take("]")) {
      if (this.at >= this.tokens.length) return null;
      out.push(unquote(this.next()));
      this.take(",");
    }
    return out;
  }

  private peek(): Token {
    return this.tokens[this.at] ?? "";
  }

  private next(): Token {
    this.at += 1;
    return this.tokens[this.at - 1] ?? "";
  }

  private take(token: Token): boolean {
    const is = this.peek() === token;
    if (is) this.at += 1;
    return is;
  }
}

const isName = (token: Token) => /^[A-Za-z_]/.test(token);

/** Read a selector of warehouses as tests that all hold; "" is none of them; null: no form shows it. */
export function readWhere(where: string): Clause[] | null {
  if (where.trim() === "") return [];
  const tokens = split(where);
  return tokens && new Reader(tokens).read();
}

/** Write tests that all hold as a selector; `kindOf` tells what a field's values are. */
export function writeWhere(clauses: readonly Clause[], kindOf: (field: string) => string): string {
  const one = ({ field, test }: Clause): string => {
    const kind = kindOf(field);
    const values = test.values.map((value) => double(value, kind));
    const first = values[0] ?? "0";
    if (kind === "bool") return first === "false" ? `not ${field}` : field;
    if (test.op === "in" || test.op === "notIn") {
      return `${field} ${test.op === "in" ? "in" : "not in"} [${values.join(", ")}]`;
    }
    if (test.op === "between") return `${field} >= ${first} and ${field} <= ${values[1] ?? first}`;
    return `${field} ${WRITTEN[test.op] ?? "=="} ${first}`;
  };
  return clauses.filter((clause) => clause.test.op !== "any").map(one).join(" and ");
}

/** A selector stands in a cell between single quotes: its own texts have double ones. */
const double = (value: string, kind: string) =>
  kind === "text" || kind === "enum" ? `"${value.replaceAll(/["'\\]/g, "")}"` : BARE.test(value) ? value : "0";
