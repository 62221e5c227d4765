import { act, fireEvent, screen, within } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BURST_MS, listen } from "@/keys/keys";
import { Problem } from "@/problem";
import { show } from "@/testing/show";
import type { Column } from "./ledger-columns";
import { LedgerTable, type LedgerProps } from "./ledger-table";

interface Row {
  id: string;
  fen: number;
}
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: `DS${at}`, fen: at }));
const COLUMNS: Column<Row>[] = [
  { key: "no", title: "订单号", width: 140, fixed: true, text: (r) => r.id, render: (r) => r.id },
  {
    key: "fen",
    title: "实付",
    width: 90,
    align: "right",
    sortable: true,
    text: (r) => String(r.fen),
    render: (r) => r.fen,
  },
];
const keyOf = (row: Row) => row.id;

const seen = { selected: new Set<string>(), peeked: "", opened: "", sort: "" };
function Table(props: Partial<LedgerProps<Row>>) {
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [peek, setPeek] = useState<Row | null>(null);
  seen.selected = new Set(selected);
  seen.peeked = peek?.id ?? "";
  return (
    <LedgerTable<Row>
      caption="订单"
      columns={COLUMNS}
      rows={rowsOf(1000)}
      keyOf={keyOf}
      nameOf={keyOf}
      selected={selected}
      onSelect={select}
      peeked={peek?.id}
      onPeek={setPeek}
      onOpen={(row) => void (seen.opened = row.id)}
      onSort={(sort) => void (seen.sort = `${sort.key} ${sort.descending}`)}
      {...props}
    />
  );
}

let stop: () => void;
beforeEach(() => {
  stop = listen();
  Object.assign(seen, { opened: "", sort: "" });
});
afterEach(() => stop());

function press(...keys: string[]) {
  for (const key of keys) {
    vi.useFakeTimers();
    act(() => {
      fireEvent.keyDown(document.body, { key, shiftKey: key === "X", ctrlKey: key === "A" });
      vi.advanceTimersByTime(BURST_MS + 1);
    });
    vi.useRealTimers();
  }
}

describe("LedgerTable", () => {
  it("is a grid that says how much there is, and draws a window of it", async () => {
    await show(<Table total={48216} />);
    const grid = screen.getByRole("grid", { name: "订单" });
    expect(grid.getAttribute("aria-rowcount")).toBe("48217");
    const rows = within(grid).getAllByRole("row");
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.length).toBeLessThan(80);
    expect(screen.getByText(/已载入 1,000 \/ 48,216/)).toBeTruthy();
  });

  it("comes to the row that is open beside it, once, however far below it is", async () => {
    await show(<Table peeked="DS700" />);
    const grid = screen.getByRole("grid", { name: "订单" });
    fireEvent.scroll(grid);
    expect(within(grid).getByRole("row", { name: /DS700/ })).toBeTruthy();
    grid.scrollTop = 0;
    fireEvent.scroll(grid);
    expect(within(grid).queryByRole("row", { name: /DS700/ })).toBeNull();
  });

  it("moves, selects a range, peeks and opens by keys", async () => {
    await show(<Table />);
    press("j", "j", "x", "j", "j", "X");
    expect([...seen.selected]).toEqual(["DS1", "DS2", "DS3"]);
    press(" ");
    expect(seen.peeked).toBe("DS3");
    press("ArrowUp");
    expect(seen.peeked).toBe("DS2");
    press("Enter");
    expect(seen.opened).toBe("DS2");
    press("Escape");
    expect([seen.peeked, seen.selected.size]).toEqual(["", 3]);
    press("Escape");
    expect(seen.selected.size).toBe(0);
    press("A");
    expect(seen.selected.size).toBe(1000);
  });

  it("selects by its boxes without peeking, and peeks by a click", async () => {
    await show(<Table />);
    fireEvent.click(screen.getByRole("checkbox", { name: "选择 DS4" }));
    expect([...seen.selected]).toEqual(["DS4"]);
    expect(seen.peeked).toBe("");
    fireEvent.click(screen.getByText("DS6"));
    expect(seen.peeked).toBe("DS6");
  });

  it("sorts by a heading, and turns the order of the one that sorts", async () => {
    await show(<Table sort={{ key: "fen", descending: false }} />);
    fireEvent.click(screen.getByRole("button", { name: /实付/ }));
    expect(seen.sort).toBe("fen true");
    const heading = screen.getByRole("columnheader", { name: /实付/ });
    expect(heading.getAttribute("aria-sort")).toBe("ascending");
  });

  it("asks for more before the end is reached, and not when there is none", async () => {
    const onMore = vi.fn();
    await show(<Table rows={rowsOf(50)} hasMore onMore={onMore} />);
    expect(onMore).toHaveBeenCalled();
    const never = vi.fn();
    await show(<Table rows={rowsOf(1000)} hasMore onMore={never} />);
    expect(never).not.toHaveBeenCalled();
  });

  it("copies the selected rows with their headings", async () => {
    await show(<Table />);
    press("j", "x");
    const setData = vi.fn();
    act(() => {
      fireEvent.copy(document.body, { clipboardData: { setData } });
    });
    expect(setData).toHaveBeenCalledWith("text/plain", "订单号\t实付\nDS0\t0");
  });

  it("shows what is empty, and what failed with a way to try again", async () => {
    await show(<Table rows={[]} empty="没有符合的订单。" />);
    expect(screen.getByText("没有符合的订单。")).toBeTruthy();
    const onRetry = vi.fn();
    const problem = new Problem({ status: 503, code: "unreachable" }, "7f3a91cc");
    await show(<Table rows={[]} problem={problem} onRetry={onRetry} />);
    expect(screen.getByText(/编号 7f3a91cc/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "重试" }));
    expect(onRetry).toHaveBeenCalledOnce();
  });
});
