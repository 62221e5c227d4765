/** A page of a list that may end early, having looked at so many rows. */
export interface LookedPage {
  items: readonly unknown[];
  next: string;
  looked?: number;
}

/** How far the search for one full page has come. */
export interface Progress {
  /** Pages that came back short since the last full one; 0 = nothing is being searched for. */
  tries: number;
  /** Rows that they looked at. */
  looked: number;
}

/** Whether the last pages together are short of one, though the list goes on. */
export function progressOf(pages: readonly LookedPage[], limit: number): Progress {
  let tries = 0;
  let looked = 0;
  let found = 0;
  for (const page of pages) {
    found += page.items.length;
    tries += 1;
    looked += page.looked ?? 0;
    if (found >= limit) tries = looked = found = 0;
  }
  return pages.at(-1)?.next ? { tries, looked } : { tries: 0, looked: 0 };
}
