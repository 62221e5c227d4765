import { describe, expect, it } from "vitest";

type Words = { [key: string]: string | Words };
const files = import.meta.glob<{ default: Words }>("./*/*.json", { eager: true });

function flat(words: Words, prefix = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`),
  );
}

const of = (locale: string) =>
  new Map(
    Object.entries(files)
      .filter(([path]) => path.startsWith(`./${locale}/`))
      .map(([path, module]) => [path.split("/")[2], new Map(flat(module.default))]),
  );

const zh = of("zh-CN");
const en = of("en");
const slots = (text: string) => (text.match(/\{\{[^}]+\}\}/g) ?? []).sort();

describe("words", () => {
  it("has the same files in both languages", () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
  });

  it.each([...zh.keys()])("%s has equal keys and parameters, and no empty words", (file) => {
    const chinese = zh.get(file) ?? new Map<string, string>();
    const english = en.get(file) ?? new Map<string, string>();
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
    for (const [key, text] of chinese) {
      expect(text.trim(), `${file} ${key}`).not.toBe("");
      expect(slots(english.get(key) ?? ""), `${file} ${key}`).toEqual(slots(text));
    }
  });

  it("speaks as the console does: no exclamation, no 您, no 请 at the start", () => {
    for (const [file, words] of zh) {
      for (const [key, text] of words) {
        expect(text, `${file} ${key}`).not.toMatch(/[!!]|您|^请/);
      }
    }
  });
});
