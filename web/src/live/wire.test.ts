import { beforeEach, describe, expect, it, vi } from "vitest";

/** An event stream that tests speak through. */
class Stream extends EventTarget {
  static made: Stream[] = [];
  static readonly CLOSED = 2;
  readyState = 1;
  onerror: (() => void) | null = null;
  onopen: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    Stream.made.push(this);
  }
  close() {
    this.readyState = 2;
  }
  say(topic: string, data: string) {
    this.dispatchEvent(new MessageEvent(topic, { data }));
  }
}

type Wire = typeof import("./wire");
async function fresh(): Promise<Wire> {
  vi.resetModules();
  return import("./wire");
}

beforeEach(() => {
  Stream.made = [];
  vi.stubGlobal("EventSource", Stream);
});

describe("the live stream", () => {
  it("is not opened before the person may listen, and once for all topics", async () => {
    const wire = await fresh();
    const heard: unknown[] = [];
    wire.listenTo("figures", (data) => heard.push(data));
    expect(Stream.made).toHaveLength(0);
    wire.allowLive();
    wire.listenTo("orders", (data) => heard.push(data));
    expect(Stream.made).toHaveLength(1);
    Stream.made[0]?.say("figures", '{"a":1}');
    Stream.made[0]?.say("orders", '{"placed":2}');
    Stream.made[0]?.say("orders", "no json");
    expect(heard).toEqual([{ a: 1 }, { placed: 2 }]);
    expect(wire.lastHeard()).toBeGreaterThan(0);
  });

  it("stops telling those who left, and passes each message on to other tabs", async () => {
    const wire = await fresh();
    wire.allowLive();
    const heard: unknown[] = [];
    const stop = wire.listenTo("orders", (data) => heard.push(data));
    const other = new BroadcastChannel("danshu.live");
    const passed = new Promise((done) => {
      other.onmessage = ({ data }) => done(data);
    });
    Stream.made[0]?.say("orders", "1");
    stop();
    Stream.made[0]?.say("orders", "2");
    expect(heard).toEqual([1]);
    expect(await passed).toEqual({ topic: "orders", data: 1 });
    other.close();
  });

  it("tries again with growing rests when the hub refuses", async () => {
    vi.useFakeTimers();
    const wire = await fresh();
    wire.allowLive();
    wire.listenTo("orders", () => undefined);
    const refuse = () => {
      const last = Stream.made.at(-1);
      last?.close();
      last?.onerror?.();
    };
    refuse();
    vi.advanceTimersByTime(2_000);
    expect(Stream.made).toHaveLength(2);
    refuse();
    vi.advanceTimersByTime(2_000);
    expect(Stream.made).toHaveLength(2);
    vi.advanceTimersByTime(2_000);
    expect(Stream.made).toHaveLength(3);
    vi.useRealTimers();
  });
});
