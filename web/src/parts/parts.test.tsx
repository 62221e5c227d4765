import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/problem";
import { show } from "@/testing/show";
import { FilterChips } from "./filter-chips";
import { Masked, SHOWN_MS } from "./masked";
import { useNotice } from "./notice";
import { ProblemNote } from "./problem-note";
import { PromiseClock } from "./promise-clock";
import { LOOKS, type PromiseState, StatusTag } from "./status-tag";

afterEach(() => vi.useRealTimers());

describe("StatusTag", () => {
  it("has a word for each state, and two states never look the same", async () => {
    const looks = new Set<string>();
    for (const state of Object.keys(LOOKS) as PromiseState[]) {
      const { container, unmount } = await show(<StatusTag state={state} />);
      const tag = container.querySelector(".status") as HTMLElement;
      expect(tag.textContent).not.toContain("states.");
      const icon = tag.querySelector(".anticon")?.getAttribute("aria-label");
      looks.add(`${icon} ${tag.dataset.tone} ${tag.dataset.outline} ${tag.textContent}`);
      unmount();
    }
    expect(looks.size).toBe(Object.keys(LOOKS).length);
  });
});

describe("PromiseClock", () => {
  it("is spoken as one sentence: clause, state, what is left, when it falls due", async () => {
    vi.useFakeTimers({ now: new Date("2026-11-22T06:32:00Z"), toFake: ["Date"] });
    await show(
      <PromiseClock
        name="48小时发货"
        state="running"
        text="付款后 48 小时内交承运商揽收"
        due="2026-11-24T06:22:00Z"
        share={0.01}
      />,
    );
    const clock = screen.getByRole("region");
    expect(clock.getAttribute("aria-label")).toBe(
      "48小时发货，计时中，剩 47 时 50 分，11-24 14:22 到期",
    );
  });

  it("does not count down what no longer runs", async () => {
    await show(<PromiseClock name="次日达" state="kept" text="" due="2020-01-01T00:00:00Z" />);
    expect(screen.queryByText(/超/)).toBeNull();
  });
});

describe("Masked", () => {
  it("asks a reason, shows the clear value, and masks it again after 60 s", async () => {
    const reveal = vi.fn(async () => "13712345620");
    await show(<Masked masked="137****5620" label="手机号" reveal={reveal} />);
    fireEvent.click(screen.getByRole("button", { name: "查看明文" }));
    const field = await screen.findByLabelText("理由");
    vi.useFakeTimers({ shouldAdvanceTime: true });
    fireEvent.submit(field);
    expect(reveal).not.toHaveBeenCalled();
    fireEvent.change(field, { target: { value: "核对收货人" } });
    fireEvent.submit(field);
    await waitFor(() => expect(screen.getByText("13712345620")).toBeTruthy());
    expect(reveal).toHaveBeenCalledExactlyOnceWith("核对收货人");
    await act(() => vi.advanceTimersByTimeAsync(SHOWN_MS + 1));
    expect(screen.queryByText("13712345620")).toBeNull();
    expect(screen.getByText("137****5620")).toBeTruthy();
  });

  it("offers nothing to those who may not", async () => {
    await show(<Masked masked="137****5620" label="手机号" />);
    expect(screen.queryByRole("button")).toBeNull();
  });
});

describe("ProblemNote", () => {
  it("gives the hub's reason in the language of the page", async () => {
    const problem = new Problem({
      status: 409,
      code: "picked_already",
      reason: "已拣货,先撤回拣货再取消",
      reason_en: "Picked already: recall the picking first",
    });
    const { unmount } = await show(<ProblemNote problem={problem} />);
    expect(screen.getByText("已拣货,先撤回拣货再取消")).toBeTruthy();
    unmount();
    await show(<ProblemNote problem={problem} />, { locale: "en" });
    expect(screen.getByText("Picked already: recall the picking first")).toBeTruthy();
  });

  it("goes on by itself after 429, once the hub's seconds have passed", async () => {
    const onRetry = vi.fn();
    const problem = new Problem({ status: 429, code: "busy", retry_after_s: 2 });
    vi.useFakeTimers({ shouldAdvanceTime: true });
    await show(<ProblemNote problem={problem} onRetry={onRetry} />);
    expect(screen.getByText(/2 秒后自动继续/)).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    expect(onRetry).not.toHaveBeenCalled();
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    expect(onRetry).toHaveBeenCalledOnce();
  });
});

describe("FilterChips", () => {
  const fields = [
    {
      key: "channel",
      label: "渠道",
      kind: "choice" as const,
      options: [
        { value: "taobao", label: "淘宝" },
        { value: "jd", label: "京东" },
      ],
    },
    { key: "due", label: "截单", kind: "time" as const },
    { key: "amount", label: "金额", kind: "money" as const },
  ];

  it("says each condition in words, unknown ones too, and drops them", async () => {
    const onChange = vi.fn();
    const filters = [
      { field: "channel", op: "in" as const, values: ["taobao", "jd"] },
      { field: "due", op: "lt" as const, values: ["2h"] },
      { field: "amount", op: "ge" as const, values: ["50000"] },
      { field: "strange", op: "is" as const, values: ["x"] },
    ];
    await show(<FilterChips fields={fields} filters={filters} onChange={onChange} />);
    for (const words of ["淘宝、京东", "2 时内", "≥ ¥500.00", "strange"]) {
      expect(screen.getByText(words)).toBeTruthy();
    }
    fireEvent.click(screen.getByRole("button", { name: "去掉strange" }));
    expect(onChange).toHaveBeenCalledWith(filters.slice(0, 3));
  });

  it("adds a condition through its editor", async () => {
    const onChange = vi.fn();
    await show(<FilterChips fields={fields} filters={[]} onChange={onChange} />);
    fireEvent.click(screen.getByRole("button", { name: /渠道/ }));
    fireEvent.click(await screen.findByLabelText("京东"));
    fireEvent.click(screen.getByRole("button", { name: "应用" }));
    expect(onChange).toHaveBeenCalledWith([{ field: "channel", op: "in", values: ["jd"] }]);
  });
});

describe("useNotice", () => {
  it("says what was done and takes it back", async () => {
    const undo = vi.fn();
    function Act() {
      const { done } = useNotice();
      return (
        <button type="button" onClick={() => done("已挂起 6 单", { undo })}>
          挂起
        </button>
      );
    }
    await show(<Act />);
    fireEvent.click(screen.getByRole("button", { name: "挂起" }));
    await screen.findByText("已挂起 6 单");
    fireEvent.click(screen.getByRole("button", { name: "撤销" }));
    expect(undo).toHaveBeenCalledOnce();
  });
});
