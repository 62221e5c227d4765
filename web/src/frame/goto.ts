import { PAGES } from "@/pages";

/** `g` and a letter goes to a page; only to pages that exist. */
const WANTED: readonly (readonly [letter: string, path: string])[] = [
  ["o", "/orders"],
  ["d", "/decisions"],
  ["r", "/review"],
  ["i", "/incidents"],
  ["p", "/promises"],
  ["c", "/contract/actions"],
  ["a", "/assets"],
];

export const GOTO_KEYS = WANTED.flatMap(([letter, path]) => {
  const page = PAGES.find((one) => one.path === path);
  return page ? [[letter, path, page.title] as const] : [];
});
