import type { Act, Refused, Task } from "./model";

/** Where the device keeps what has not been sent, and the tasks in hand. */
export interface Store {
  acts(): Promise<Act[]>;
  /** Keep an act at the end of the queue; gives its place. */
  push(act: Omit<Act, "seq">): Promise<Act>;
  drop(seq: number): Promise<void>;
  refusals(): Promise<Refused[]>;
  refuse(refused: Refused): Promise<void>;
  forgive(id: string): Promise<void>;
  task(key: string): Promise<Task | undefined>;
  keep(key: string, task: Task): Promise<void>;
  /** False when nothing of this outlives the page. */
  readonly lasts: boolean;
}

/** Keeps things while the page is open: where the browser has no database, and in tests. */
export class MemoryStore implements Store {
  readonly lasts = false;
  #acts: Act[] = [];
  #refused = new Map<string, Refused>();
  #tasks = new Map<string, Task>();
  #seq = 0;

  acts() {
    return Promise.resolve([...this.#acts]);
  }
  push(act: Omit<Act, "seq">) {
    const kept = { ...act, seq: ++this.#seq };
    this.#acts.push(kept);
    return Promise.resolve(kept);
  }
  drop(seq: number) {
    this.#acts = this.#acts.filter((act) => act.seq !== seq);
    return Promise.resolve();
  }
  refusals() {
    return Promise.resolve([...this.#refused.values()]);
  }
  refuse(refused: Refused) {
    this.#refused.set(refused.id, refused);
    return Promise.resolve();
  }
  forgive(id: string) {
    this.#refused.delete(id);
    return Promise.resolve();
  }
  task(key: string) {
    return Promise.resolve(this.#tasks.get(key));
  }
  keep(key: string, task: Task) {
    this.#tasks.set(key, task);
    return Promise.resolve();
  }
}

const NAME = "danshu-pda";
const VERSION = 1;

/** Keeps things in the browser's database, so that a dead battery loses nothing. */
export class LastingStore implements Store {
  readonly lasts = true;
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  acts() {
    return this.#ask<Act[]>("acts", (store) => store.getAll());
  }
  async push(act: Omit<Act, "seq">) {
    const seq = await this.#ask<IDBValidKey>("acts", (store) => store.add(act), "readwrite");
    return { ...act, seq: Number(seq) };
  }
  async drop(seq: number) {
    await this.#ask("acts", (store) => store.delete(seq), "readwrite");
  }
  refusals() {
    return this.#ask<Refused[]>("refused", (store) => store.getAll());
  }
  async refuse(refused: Refused) {
    await this.#ask("refused", (store) => store.put(refused), "readwrite");
  }
  async forgive(id: string) {
    await this.#ask("refused", (store) => store.delete(id), "readwrite");
  }
  async task(key: string) {
    const kept = await this.#ask<{ task: Task } | undefined>("tasks", (store) => store.get(key));
    return kept?.task;
  }
  async keep(key: string, task: Task) {
    await this.#ask("tasks", (store) => store.put({ key, task }), "readwrite");
  }

  #ask<T>(
    name: string,
    act: (store: IDBObjectStore) => IDBRequest,
    mode: IDBTransactionMode = "readonly",
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(name, mode, { durability: "strict" });
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
    });
  }
}

/** Open the device's store; where the browser refuses one, things last as long as the page. */
export function openStore(): Promise<Store> {
  return new Promise((resolve) => {
    if (!("indexedDB" in window)) return resolve(new MemoryStore());
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("acts", { keyPath: "seq", autoIncrement: true });
      request.result.createObjectStore("refused", { keyPath: "id" });
      request.result.createObjectStore("tasks", { keyPath: "key" });
    };
    request.onsuccess = () => resolve(new LastingStore(request.result));
    request.onerror = () => resolve(new MemoryStore());
    request.onblocked = () => resolve(new MemoryStore());
  });
}
