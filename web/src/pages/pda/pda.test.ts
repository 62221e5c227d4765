import { describe, expect, it } from "vitest";
import { Problem } from "@/problem";
import { isCodeOf, judge, withQueue } from "./match";
import type { Act, Line, Task } from "./model";
import { Outbox } from "./outbox";
import { MemoryStore } from "./store";

const milk: Line = { sku: "MY-1", name: "奶粉", barcode: "0690123456789", storage: 1, quantity: 2, scanned: 0 };
const spoon: Line = { sku: "MY-2", name: "勺", barcode: "", storage: 1, quantity: 1, scanned: 1 };

describe("judge", () => {
  it.each([
    ["0690123456789", true],
    ["690123456789", true],
    ["my-1", true],
    ["6901234567890", false],
    ["", false],
  ])("%s names the milk: %s", (code, is) => expect(isCodeOf(milk, code)).toBe(is));

  it("says what the hub will say", () => {
    expect(judge([milk, spoon], "MY-1", 2).is).toBe("right");
    expect(judge([milk, spoon], "MY-1", 3)).toEqual({ is: "tooMany", line: milk, left: 2 });
    expect(judge([milk, spoon], "MY-2", 1).is).toBe("enough");
    expect(judge([milk, spoon], "x", 1)).toEqual({ is: "unknown", expected: [milk] });
  });
});

const act = (id: string, more: Partial<Act> = {}): Omit<Act, "seq" | "person"> => ({
  id,
  task: "o/1/pick",
  what: "scan",
  at: "2026-11-22T06:30:00Z",
  sku: "MY-1",
  quantity: 1,
  json: { code: "MY-1", quantity: 1 },
  ...more,
});

describe("withQueue", () => {
  const task = { lines: [milk, spoon], left: 2, photos: [], scanned_waybill: "" } as unknown as Task;
  const queued = (id: string, more: Partial<Act> = {}) => ({ ...act(id, more), seq: 1, person: "p" });

  it("counts what waits, and nothing that was wrong", () => {
    const shown = withQueue(task, [queued("a"), queued("b", { isWrong: true, sku: undefined })]);
    expect(shown.lines.map((line) => line.scanned)).toEqual([1, 1]);
    expect(shown.left).toBe(1);
  });

  it("never counts past the quantity", () => {
    const shown = withQueue(task, [queued("a", { quantity: 5 })]);
    expect(shown.left).toBe(0);
    expect(shown.lines[0]?.scanned).toBe(2);
  });

  it("shows a waybill that waits", () => {
    const shown = withQueue(task, [queued("a", { sku: undefined, json: { code: "SF1" } })]);
    expect(shown.scanned_waybill).toBe("SF1");
  });
});

/** A hub that is away until told, then answers by id and remembers what it heard. */
function hub() {
  const heard: string[] = [];
  const state = { isAway: false, refuses: new Set<string>(), isOut: false };
  const send = (one: Act) => {
    if (state.isAway) return Promise.reject(new Problem({ status: 0, code: "unreachable" }));
    if (state.isOut) return Promise.reject(new Problem({ status: 401, code: "unauthenticated" }));
    heard.push(one.id);
    if (state.refuses.has(one.id)) {
      return Promise.reject(new Problem({ status: 409, code: "held", reason: "已挂起" }));
    }
    return Promise.resolve({ id: one.id });
  };
  return { heard, state, send };
}

describe("outbox", () => {
  it("keeps what is done offline and sends it in its order", async () => {
    const far = hub();
    far.state.isAway = true;
    const outbox = new Outbox(new MemoryStore(), far.send);
    await outbox.open("p");
    for (const id of ["a", "b", "c"]) await outbox.add(act(id));
    await outbox.drain();
    expect(outbox.state().acts).toHaveLength(3);
    expect(outbox.state().isReached).toBe(false);
    far.state.isAway = false;
    await outbox.drain();
    expect(far.heard).toEqual(["a", "b", "c"]);
    expect(outbox.state().acts).toHaveLength(0);
    expect(outbox.state().isReached).toBe(true);
  });

  it("never shows less than was counted: an answer comes in with the end of its act", async () => {
    const far = hub();
    const answered = { ...milk, scanned: 1 };
    const outbox = new Outbox(new MemoryStore(), async (one) => {
      await far.send(one);
      return { line: answered };
    });
    await outbox.open("p");
    const task = { lines: [milk], left: 2, photos: [], scanned_waybill: "" } as unknown as Task;
    await outbox.keep("o/1/pick", task);
    const seen: number[] = [];
    outbox.subscribe(() => {
      const { tasks, acts } = outbox.state();
      const kept = tasks["o/1/pick"];
      if (kept) seen.push(withQueue(kept, acts).lines[0]?.scanned ?? 0);
    });
    await outbox.add(act("a"));
    await outbox.drain();
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(outbox.state().tasks["o/1/pick"]?.lines[0]).toEqual(answered);
  });

  it("tells a refusal, keeps it until it is read, and goes on", async () => {
    const far = hub();
    far.state.refuses.add("a");
    const outbox = new Outbox(new MemoryStore(), far.send);
    await outbox.open("p");
    await outbox.add(act("a"));
    const settled = outbox.settled("a", 1_000);
    await outbox.add(act("b"));
    await outbox.drain();
    expect(await settled).toMatchObject({ is: "refused", refused: { reason: "已挂起" } });
    expect(outbox.state().refused.map((one) => one.id)).toEqual(["a"]);
    expect(far.heard).toEqual(["a", "b"]);
    await outbox.forgive("a");
    expect(outbox.state().refused).toEqual([]);
  });

  it("says nothing twice of a scan that the device knew to be wrong", async () => {
    const far = hub();
    far.state.refuses.add("a");
    const outbox = new Outbox(new MemoryStore(), far.send);
    await outbox.open("p");
    await outbox.add(act("a", { isWrong: true }));
    await outbox.drain();
    expect(outbox.state().refused).toEqual([]);
    expect(outbox.state().acts).toEqual([]);
  });

  it("sends nobody's work under another's name", async () => {
    const far = hub();
    far.state.isAway = true;
    const store = new MemoryStore();
    const first = new Outbox(store, far.send);
    await first.open("p");
    await first.add(act("a"));
    far.state.isAway = false;
    const second = new Outbox(store, far.send);
    await second.open("q");
    await second.add(act("b"));
    await second.drain();
    expect(far.heard).toEqual(["b"]);
    expect(second.state().acts.map((one) => one.id)).toEqual(["a"]);
  });

  it("stops when the session has ended, and loses nothing", async () => {
    const far = hub();
    far.state.isOut = true;
    const outbox = new Outbox(new MemoryStore(), far.send);
    await outbox.open("p");
    await outbox.add(act("a"));
    await outbox.drain();
    expect(outbox.state().isSignedOut).toBe(true);
    expect(outbox.state().acts).toHaveLength(1);
  });
});
