/** One thing that the palette can do or open. */
export interface Entry {
  id: string;
  label: string;
  note?: string;
  /** Where it goes, or what it does. */
  to?: string;
  run?: () => void;
}

/** A source of entries: orders, SKUs, acts of the page. */
export interface EntrySource {
  id: string;
  /** The heading over its entries, translated by the source. */
  heading: () => string;
  /** Entries for a text; "" asks for what to offer before anything is typed. */
  find: (text: string, signal: AbortSignal) => Promise<readonly Entry[]> | readonly Entry[];
}

const sources: EntrySource[] = [];

/** Add a source of entries; gives the way to take it away. */
export function addEntries(source: EntrySource): () => void {
  sources.push(source);
  return () => {
    sources.splice(sources.indexOf(source), 1);
  };
}

/** The sources that there are now. */
export function entrySources(): readonly EntrySource[] {
  return sources;
}
