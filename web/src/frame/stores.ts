import { useEffect, useSyncExternalStore } from "react";

/** A value that anybody may set and read, and whose readers hear of it. */
export class Store<T> {
  readonly #listeners = new Set<() => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  readonly read = (): T => this.#value;

  readonly hear = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(make: (old: T) => T): void {
    this.#value = make(this.#value);
    for (const listener of this.#listeners) listener();
  }
}

/** Read a store in a component. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.hear, store.read);
}

/** How many things a page holds; `overdue` shows the number in red. */
export interface Count {
  value: number;
  overdue?: boolean;
}

/** Counts in the column by path, and red badges in the rail by group. */
export const counts = new Store<Readonly<Record<string, Count>>>({});
export const badges = new Store<Readonly<Record<string, number>>>({});

/** Put a page's count beside its name in the column; it stays after the component has gone. */
export function useCount(path: string, value: number | undefined, overdue = false): void {
  useEffect(() => {
    if (value === undefined) return;
    counts.change((old) => ({ ...old, [path]: { value, overdue } }));
  }, [path, value, overdue]);
}

/** Put a red number on a group of the rail; 0 takes it away. */
export function useBadge(group: string, value: number | undefined): void {
  useEffect(() => {
    if (value !== undefined) badges.change((old) => ({ ...old, [group]: value }));
  }, [group, value]);
}

/** One of the person's own views, listed under 我的视图. */
export interface ColumnView {
  id: string;
  name: string;
  to: string;
  count?: number;
}

export const columnViews = new Store<Readonly<Record<string, readonly ColumnView[]>>>({});

/** Put the person's views under the pages of a group. */
export function setColumnViews(group: string, views: readonly ColumnView[]): void {
  columnViews.change((old) => ({ ...old, [group]: views }));
}

/** Something that was said, kept for the bell. */
export interface Said {
  id: number;
  at: Date;
  text: string;
  to?: string;
  isRead: boolean;
}

export const said = new Store<readonly Said[]>([]);
const SAID_KEPT = 30;
let nextSaid = 1;

/** Keep a notice for the bell. */
export function keepSaid(text: string, to?: string): void {
  const notice: Said = { id: nextSaid++, at: new Date(), text, isRead: false };
  if (to) notice.to = to;
  said.change((old) => [notice, ...old].slice(0, SAID_KEPT));
}
