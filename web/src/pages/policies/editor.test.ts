import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { find, isEnglish, translate } from "../../../editor/plugin";
import words from "../../../editor/words.json";
import manifest from "../../../package.json";

const DIST = "node_modules/@gorules/jdm-editor/dist";
const read = (name: string) => readFileSync(`${DIST}/${name}`, "utf8");
const chinese: Record<string, string> = words;
/** Names of new nodes and words in the middle of a sentence: plugin.ts puts them in by itself. */
const MENDED = ["decisionTable", "expression", "switch", "request", "response", "nodes", "node"];

describe("the editor of the pinned version", () => {
  it("is the one that the words were made for", () => {
    const found = JSON.parse(readFileSync(`${DIST}/../package.json`, "utf8")) as { version: string };
    expect([manifest.dependencies["@gorules/jdm-editor"], found.version]).toEqual(["1.52.0", "1.52.0"]);
  });

  it("says nothing in English that has no Chinese", () => {
    const said = ["index.js", "schema.js"].flatMap((name) => find(read(name)).map((place) => place.text));
    expect([...new Set(said)].filter((text) => isEnglish(text) && chinese[text] === undefined)).toEqual([]);
  });

  it("has a place for each word", () => {
    const said = new Set(["index.js", "schema.js"].flatMap((name) => find(read(name)).map((place) => place.text)));
    expect(Object.keys(words).filter((text) => !said.has(text))).toEqual(MENDED);
  });

  it("asks for its words and the nonce of the page", () => {
    const code = translate(read("index.js"), chinese);
    expect(code.match(/__jdmSay/g)?.length).toBeGreaterThan(200);
    expect(code.match(/__jdmNonce/g)?.length).toBe(2);
  });

  it("is told of when a place is gone", () => {
    const code = read("index.js").replaceAll('document.createElement("style")', "document.head");
    expect(() => translate(code, chinese)).toThrow("was it updated?");
  });
});
