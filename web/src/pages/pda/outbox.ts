import { asProblem, type Problem } from "@/problem";
import { learnt } from "./match";
import type { Act, Refused, Task } from "./model";
import type { Store } from "./store";

const RETRY_MS = 5_000;

/** Sends one act and gives the hub's answer; throws a Problem. */
export type Send = (act: Act) => Promise<unknown>;

export interface OutboxState {
  acts: readonly Act[];
  refused: readonly Refused[];
  /** Tasks as the hub last showed them, by key: an answer changes them in the step that ends its act. */
  tasks: Readonly<Record<string, Task>>;
  /** False after the last attempt did not reach the hub. */
  isReached: boolean;
  /** True when the hub wants the person to sign in again. */
  isSignedOut: boolean;
  /** False when what waits would be lost with the page. */
  lasts: boolean;
}

type Settled = { is: "done"; answer: unknown } | { is: "refused"; refused: Refused };

/**
 * What was done on the floor, in its order, until the hub has said yes or no to each. The hub counts
 * an act once by its id, so that sending it twice is no harm.
 */
export class Outbox {
  #state: OutboxState;
  readonly #store: Store;
  readonly #send: Send;
  #person = "";
  #draining: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #hear = new Set<() => void>();
  readonly #waits = new Map<string, (settled: Settled) => void>();

  constructor(store: Store, send: Send) {
    this.#store = store;
    this.#send = send;
    this.#state = {
      acts: [],
      refused: [],
      tasks: {},
      isReached: navigator.onLine,
      isSignedOut: false,
      lasts: store.lasts,
    };
  }

  readonly state = () => this.#state;
  readonly subscribe = (hear: () => void) => {
    this.#hear.add(hear);
    return () => {
      this.#hear.delete(hear);
    };
  };

  /** Begin to send for a person; what others did on this device waits for them. */
  async open(person: string): Promise<void> {
    this.#person = person;
    this.#set({
      acts: await this.#store.acts(),
      refused: await this.#store.refusals(),
      isSignedOut: false,
    });
    void this.drain();
  }

  /** Keep an act and send it as soon as may be. Resolves once it is kept. */
  async add(act: Omit<Act, "seq" | "person">): Promise<Act> {
    const kept = await this.#store.push({ ...act, person: this.#person });
    this.#set({ acts: [...this.#state.acts, kept] });
    void this.drain();
    return kept;
  }

  /** What became of an act within a time; null when it still waits. */
  settled(id: string, within_ms: number): Promise<Settled | null> {
    if (!this.#state.acts.some((act) => act.id === id)) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waits.delete(id);
        resolve(null);
      }, within_ms);
      this.#waits.set(id, (settled) => {
        clearTimeout(timer);
        resolve(settled);
      });
    });
  }

  /** A person has read a refusal. */
  async forgive(id: string): Promise<void> {
    await this.#store.forgive(id);
    this.#set({ refused: this.#state.refused.filter((one) => one.id !== id) });
  }

  /** Remember a task, also for when the network is gone. */
  async keep(key: string, task: Task): Promise<void> {
    this.#set({ tasks: { ...this.#state.tasks, [key]: task } });
    await this.#store.keep(key, task);
  }

  /** Bring a task back from the device's store; false when it was never there. */
  async recall(key: string): Promise<boolean> {
    const kept = this.#state.tasks[key] ?? (await this.#store.task(key));
    if (kept) this.#set({ tasks: { ...this.#state.tasks, [key]: kept } });
    return kept !== undefined;
  }

  /** Tell what another request learnt of the network. */
  reached(isReached: boolean): void {
    if (isReached !== this.#state.isReached) this.#set({ isReached });
    if (isReached) void this.drain();
  }

  /** Send what waits, one after the other, until the hub cannot be reached. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  async #drain(): Promise<void> {
    clearTimeout(this.#timer);
    for (;;) {
      const act = this.#state.acts.find((one) => one.person === this.#person);
      if (!act) return;
      try {
        const answer = await this.#send(act);
        await this.#leave(act, answer);
        this.#waits.get(act.id)?.({ is: "done", answer });
      } catch (error) {
        const problem = asProblem(error);
        if (problem.passes || problem.status >= 500) return this.#later(false);
        if (problem.status === 401) {
          this.#set({ isSignedOut: true });
          return;
        }
        await this.#refuse(act, problem);
      }
      this.#waits.delete(act.id);
    }
  }

  #later(isReached: boolean): void {
    this.#set({ isReached });
    this.#timer = setTimeout(() => void this.drain(), RETRY_MS);
  }

  async #leave(act: Act, answer: unknown): Promise<void> {
    const task = this.#state.tasks[act.task];
    const next = task && learnt(task, answer);
    if (next) await this.#store.keep(act.task, next);
    await this.#store.drop(act.seq);
    this.#set({
      tasks: next ? { ...this.#state.tasks, [act.task]: next } : this.#state.tasks,
      acts: this.#state.acts.filter((one) => one.seq !== act.seq),
      isReached: true,
      isSignedOut: false,
    });
  }

  async #refuse(act: Act, problem: Problem): Promise<void> {
    const refused: Refused = {
      id: act.id,
      task: act.task,
      what: act.what,
      at: act.at,
      code: problem.code,
      reason: problem.reason,
      reason_en: problem.reasonEn || problem.detail,
    };
    await this.#leave(act, null);
    // The device knew that the scan was wrong and has said so already.
    if (!act.isWrong) {
      await this.#store.refuse(refused);
      this.#set({ refused: [...this.#state.refused, refused] });
    }
    this.#waits.get(act.id)?.({ is: "refused", refused });
  }

  #set(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    for (const hear of this.#hear) hear();
  }
}
