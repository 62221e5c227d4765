import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { show } from "@/testing/show";
import { LedgerTable } from "./ledger-table";
import { type KeysetPage, useKeyset } from "./use-keyset";

interface Row {
  id: string;
}
type Fetch = (cursor: string) => Promise<KeysetPage<Row>>;

const keyOf = (row: Row) => row.id;
const LIMIT = 3;

function List({ fetch }: { fetch: Fetch }) {
  const list = useKeyset<Row>({ queryKey: ["test"], fetch, limit: LIMIT });
  return (
    <LedgerTable<Row>
      caption="订单"
      columns={[{ key: "id", title: "号", width: 100, text: keyOf, render: keyOf }]}
      rows={list.rows}
      keyOf={keyOf}
      nameOf={keyOf}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      search={list.search}
      unit="单"
      empty="没有符合的订单"
    />
  );
}

/** A hub that meets something only on the page at `last`; every page looks at 1,000. */
const seldom = (last: number): Fetch =>
  vi.fn(async (cursor: string) => {
    const at = Number(cursor || 0);
    const isLast = at === last;
    return { items: isLast ? [{ id: "DS9" }] : [], next: isLast ? "" : String(at + 1), looked: 1000 };
  });

describe("useKeyset with pages that end early", () => {
  it("looks on by itself until the end", async () => {
    const fetch = seldom(4);
    await show(<List fetch={fetch} />);
    await screen.findByRole("grid", { name: "订单" });
    expect(fetch).toHaveBeenCalledTimes(5);
    expect(screen.queryByText(/已查/)).toBeNull();
  });

  it("says how far it has come, never that there is nothing, and can be stopped", async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((open) => (go = open));
    const rare = seldom(3);
    const fetch: Fetch = vi.fn(async (cursor) => {
      if (cursor === "2") await gate;
      return rare(cursor);
    });
    await show(<List fetch={fetch} />);
    await screen.findByText(/已查 2,000 单，继续查找/);
    expect(screen.queryByText("没有符合的订单")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "停止查找" }));
    go();
    await screen.findByText(/已查 3,000 单，还没有查完/);
    expect(fetch).toHaveBeenCalledTimes(3);
    fireEvent.click(screen.getByRole("button", { name: "继续查找" }));
    await screen.findByRole("grid", { name: "订单" });
  });

  it("waits for the person after a hundred short pages", async () => {
    const fetch = seldom(1000);
    await show(<List fetch={fetch} />);
    await waitFor(() => expect(screen.getByRole("status").textContent).toContain("100,000"), {
      timeout: 5_000,
    });
    expect(fetch).toHaveBeenCalledTimes(100);
  });
});
