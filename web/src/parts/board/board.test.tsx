import { screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Overview } from "@/api/types.gen";
import { show } from "@/testing/show";
import { BoardFigures } from "./figures";
import { NodesCard } from "./nodes-card";
import { StagesCard } from "./stages-card";
import { ChannelsCard, PromisesCard } from "./tables";

const LINK = "/orders?f=state.in.held";

/** A board on which nothing has happened yet; a test says what has. */
function boardOf(changes: Partial<Overview["figures"]> = {}, more: Partial<Overview> = {}): Overview {
  return {
    as_of: "2026-11-22T06:32:08Z",
    range: "today",
    channel: "",
    warehouse: "",
    behind: 0,
    rebuilding: false,
    figures: {
      orders: { count: 0, amount_fen: 0, change: null, link: LINK },
      promises: {
        kept: 0,
        kept_self: 0,
        broken: 0,
        share: null,
        target: 0.99,
        hours: 24,
        broken_today: 0,
        spark: [null, null],
        link: LINK,
      },
      due: { count: 0, unallocated: 0, until: "2026-11-22T08:40:00Z", spark: [0, 0], link: LINK },
      exceptions: {
        count: 0,
        orders: 0,
        held: 0,
        owed: 0,
        inbox: 0,
        inbox_exact: true,
        amount_fen: 0,
        oldest: "",
        spark: [0],
        link: "/tasks",
      },
      latency: {
        node: "n/1",
        minutes: 5,
        samples: 0,
        answer_p50_us: null,
        answer_p99_us: null,
        decision_p99_us: null,
        spark: [null],
      },
      ...changes,
    },
    pace: {
      begin: "2026-11-21T16:00:00Z",
      step_min: 10,
      values: [0],
      of_min: 1,
      latest: 0,
      peak: 0,
      peak_at: "",
      weeks: 0,
      band: null,
    },
    channels: [],
    promises: [],
    warehouses: [],
    alerts: [],
    stages: [],
    shipped: 0,
    shipped_mean_s: null,
    ...more,
  };
}

beforeEach(() => vi.useFakeTimers({ now: new Date("2026-11-22T06:32:08Z"), toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

describe("figures", () => {
  it("says what is not known, never 0", async () => {
    await show(<BoardFigures board={boardOf()} />);
    expect(screen.getByText("上周同日没有订单可比")).toBeTruthy();
    expect(screen.getByText("目标 99.00% · 还没有裁决")).toBeTruthy();
    expect(screen.getByText("近 5 分钟本节点没有订单")).toBeTruthy();
    expect(screen.getAllByText("—")).toHaveLength(2);
    expect(document.body.textContent).not.toMatch(/NaN|undefined|null|\{\{/);
  });

  it("tells target, comparison and the way to the rows", async () => {
    const plain = boardOf().figures;
    const board = boardOf({
      orders: { ...plain.orders, count: 4_821_600, change: 0.062 },
      promises: { ...plain.promises, kept: 9914, broken: 86, share: 0.9914, broken_today: 1204 },
      due: { ...plain.due, count: 9318, unallocated: 412 },
      exceptions: {
        ...plain.exceptions,
        count: 37,
        orders: 37,
        amount_fen: 18_640_000,
        oldest: "2026-11-22T06:21:08Z",
      },
      latency: { ...plain.latency, answer_p99_us: 3900, decision_p99_us: 41 },
    });
    await show(<BoardFigures board={board} />);
    expect(screen.getByText("482.16")).toBeTruthy();
    expect(screen.getByText("比上周同日同时段多 6.2%")).toBeTruthy();
    expect(screen.getByText("目标 99.00% · 今日违约 1,204 条")).toBeTruthy();
    expect(screen.getByText("16:40 前，其中 412 条未分仓")).toBeTruthy();
    expect(screen.getByText("最久 11 分 · 涉及 ¥18.64 万")).toBeTruthy();
    expect(screen.getByText("含写库应答 · 决策本身 41 微秒")).toBeTruthy();
    expect(screen.getAllByRole("link").map((one) => one.getAttribute("href"))).toEqual([
      LINK,
      LINK,
      LINK,
      "/tasks",
    ]);
  });

  it.each([
    [-0.1, "比上周同日同时段少 10.0%"],
    [0.0001, "与上周同日同时段持平"],
  ])("change %s", async (change, words) => {
    const orders = { ...boardOf().figures.orders, count: 5, change };
    await show(<BoardFigures board={boardOf({ orders })} />);
    expect(screen.getByText(words)).toBeTruthy();
  });
});

describe("tables", () => {
  it("lists the largest channels and puts the rest together", async () => {
    const channels = Array.from({ length: 8 }, (_, at) => ({
      channel: `c${at}`,
      title: `渠道${at}`,
      orders: 100 - at,
      kept: 9,
      broken: 1,
      share: 0.9,
      link: LINK,
    }));
    await show(<ChannelsCard board={boardOf({}, { channels })} />);
    expect(screen.getAllByRole("row")).toHaveLength(7);
    expect(screen.getByText("其他 3 个渠道")).toBeTruthy();
    expect(screen.getByText("282")).toBeTruthy();
    expect(screen.getAllByText("90.0%")).toHaveLength(6);
  });

  it("shows a clause without a verdict as running, in English too", async () => {
    const promises = [
      {
        code: "ship48h",
        name_zh: "48小时发货",
        name_en: "Shipped within 48 hours",
        kept: 0,
        kept_self: 0,
        broken: 0,
        borderline: 0,
        excused: 0,
        running: 1200,
        share: null,
        target: 0.99,
        link: LINK,
      },
    ];
    await show(<PromisesCard board={boardOf({}, { promises })} />, { locale: "en" });
    expect(screen.getByText("Shipped within 48 hours")).toBeTruthy();
    expect(screen.getByText("1,200 running")).toBeTruthy();
  });
});

describe("nodes and stages", () => {
  it("marks the warehouse that breaks more than twice what it may", async () => {
    const node = { name: "杭州中心仓", lng_udeg: 120e6, lat_udeg: 30e6, held: 0, link: LINK };
    const warehouses = [
      { ...node, code: "HZ", open: 100, owed: 3 },
      { ...node, code: "SH", name: "上海中心仓", open: 100, owed: 1 },
    ];
    const alerts = [
      {
        kind: "hold",
        code: "sku_unknown",
        name_zh: "",
        name_en: "",
        channel: "",
        n: 5000,
        exact: false,
        at: "2026-11-22T06:30:08Z",
        link: LINK,
      },
    ];
    await show(<NodesCard board={boardOf({}, { warehouses, alerts })} />);
    expect(screen.getByText("正常 1")).toBeTruthy();
    expect(screen.getByText("违约偏多 1")).toBeTruthy();
    expect(screen.getByText("杭州中心仓 违约 3")).toBeTruthy();
    expect(screen.getByText("商品没有对齐")).toBeTruthy();
    expect(screen.getByText("约 5,000 单挂起")).toBeTruthy();
    expect(screen.getByText("2 分前")).toBeTruthy();
  });

  it("leaves out rare stages that nobody is in", async () => {
    const stages = ["placed", "confirmed", "return_requested", "held"].map((state) => ({
      state,
      count: state === "return_requested" ? 2 : 0,
      link: LINK,
    }));
    await show(<StagesCard board={boardOf({}, { stages, shipped_mean_s: 34_860 })} />);
    expect(screen.getByText("退货申请")).toBeTruthy();
    expect(screen.getByText("挂起")).toBeTruthy();
    expect(screen.queryByText("已确认")).toBeNull();
    expect(screen.getByText("平均付款到交运 9 时 41 分")).toBeTruthy();
  });
});
