import { screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { show, SOMEBODY } from "@/testing/show";
import Time from ".";
import { milliseconds, type TimeView } from "./time";

const VIEW: TimeView = {
  state: {
    word: "measured",
    why: "",
    src: "ntp.ntsc.ac.cn",
    off_us: -412,
    err_us: 1_830,
    ok: true,
    waits: false,
    sampled: "2026-11-22T11:00:00.000Z",
    since: "2026-11-22T10:00:00.000Z",
  },
  servers: ["ntp.ntsc.ac.cn"],
  configured: true,
  sources: [],
  trend: [],
  faults: [],
  authorities: 1,
  books: [
    {
      half: "2026h2",
      signed: 9,
      stamps: [
        {
          algorithm: "sm3",
          authority: "http://127.0.0.1:8421/tsr",
          own: true,
          size: 5,
          gen: "2026-11-22T10:59:59.000Z",
          accuracy_us: 1_500_000,
          signer: "CN=TSA",
          checked: "openssl",
          failures: 0,
          trouble: "",
          detail: "",
          next: "2026-11-22T11:00:59.000Z",
        },
      ],
    },
  ],
};

async function open(view: TimeView, rights: string[] = ["time.read"]) {
  vi.stubGlobal("fetch", async () => Response.json(view));
  await show(<Time />, { session: { ...SOMEBODY, rights } });
  await screen.findAllByRole("heading", { level: 2 });
}

afterEach(() => vi.unstubAllGlobals());

describe("Time", () => {
  it("shows bound and source, and says whose the authority is", async () => {
    await open(VIEW);
    expect(screen.getByText("±1.8")).toBeTruthy();
    expect(screen.getByText("以 ntp.ntsc.ac.cn 为准")).toBeTruthy();
    expect(screen.getAllByText("自建（不中立）").length).toBeGreaterThan(1);
    expect(screen.queryByRole("button", { name: "盖时间戳" })).toBeNull();
  });

  it("offers the stamp to those who may ask for it", async () => {
    await open(VIEW, ["time.read", "time.stamp"]);
    expect(screen.getByRole("button", { name: "盖时间戳" })).toBeTruthy();
  });

  it("shows no figure of before a fault as if it still held", async () => {
    const state = { ...VIEW.state, word: "faulted", why: "disagree", ok: false, waits: true } as const;
    await open({ ...VIEW, state, authorities: 0, books: [] });
    expect(screen.getByText("时间不可信，A 级动作暂停")).toBeTruthy();
    expect(screen.queryByText("±1.8")).toBeNull();
    expect(screen.getAllByText("不可知")).toHaveLength(2);
  });

  it("says unmeasured, which is no fault", async () => {
    const state = { ...VIEW.state, word: "unmeasured", src: "", ok: false, sampled: "" } as const;
    await open({ ...VIEW, state, servers: [], configured: false, authorities: 0, books: [] });
    expect(screen.getAllByText("未测").length).toBeGreaterThan(2);
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("milliseconds", () => {
  it.each([
    [1_830, "1.8 ms"],
    [1_500_000, "1.5 s"],
    [-412, "−0.4 ms"],
  ])("writes %i µs", (us, text) => {
    expect(milliseconds(us)).toBe(text);
  });
});
