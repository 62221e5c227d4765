import { describe, expect, it } from "vitest";
import { PAGES } from "./pages";
import en from "./words/en/nav.json";
import zh from "./words/zh-CN/nav.json";

describe("the registry of pages", () => {
  it("has each address once", () => {
    const paths = PAGES.map((page) => page.path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it.each(PAGES.map((page) => [page.path, page] as const))("%s has names and a group", (_, page) => {
    expect(Object.keys(zh.pages)).toContain(page.title);
    expect(Object.keys(en.pages)).toContain(page.title);
    expect(Object.keys(zh.groups)).toContain(page.group);
    expect(page.path.startsWith("/")).toBe(true);
  });

  it("asks for a right by the name of an action, or for none", () => {
    for (const page of PAGES) expect(page.right).toMatch(/^([a-z_]+\.[a-z_]+)?$/);
  });
});
