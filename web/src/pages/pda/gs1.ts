/** What a GS1 code says of goods, lot and expiry; the hub reads it once more and decides. */
export interface Elements {
  gtin: string;
  lot: string;
  /** YYMMDD as printed; empty when the code does not say. */
  expiry: string;
}

const FIXED: Readonly<Record<string, number>> = { "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "16": 6, "17": 6 };
const VARIABLE = new Set(["10", "21", "37"]);
const SEPARATOR = "\u001d";

/** Read an element string, with brackets or plain; null when the code is none. */
export function readGs1(scanned: string): Elements | null {
  const code = scanned.trim().replace(/^\](?:d2|C1|Q3|e0|J1)/, "");
  const found = code.startsWith("(") ? bracketed(code) : plain(code);
  const gtin = found.get("01") ?? found.get("02");
  if (!gtin || found.size < 2) return null;
  return { gtin, lot: found.get("10") ?? "", expiry: found.get("17") ?? "" };
}

function bracketed(code: string): Map<string, string> {
  return new Map([...code.matchAll(/\((\d{2,4})\)([^(]+)/g)].map((each) => [each[1] ?? "", each[2] ?? ""]));
}

function plain(code: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!/^0[12]\d{14}/.test(code)) return found;
  let at = 0;
  while (at < code.length) {
    if (code[at] === SEPARATOR) {
      at += 1;
      continue;
    }
    const ai = code.slice(at, at + 2);
    const fixed = FIXED[ai];
    at += 2;
    if (fixed !== undefined) {
      found.set(ai, code.slice(at, at + fixed));
      at += fixed;
    } else if (VARIABLE.has(ai)) {
      const end = code.indexOf(SEPARATOR, at);
      found.set(ai, code.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? code.length : end;
    } else break;
  }
  return found;
}
