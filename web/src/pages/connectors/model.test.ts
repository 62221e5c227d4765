import { describe, expect, it } from "vitest";
import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import { mayRollBack, sorted, sortedRoutes, standingOf } from "./model";

const WELL = {
  id: "1",
  capability: "customs",
  state: "on",
  breaker: "closed",
  probe_trouble: "",
  health: { calls: 10, answered: 10_000 },
} as unknown as ConnectorView;
const one = (changes: Partial<ConnectorView>): ConnectorView => ({ ...WELL, ...changes });
const route = (changes: Partial<ConnectorRoute>): ConnectorRoute =>
  ({ stage: "steady", canary: null, drains: null, ...changes }) as ConnectorRoute;

describe("connectors", () => {
  it("tells the worst of a connector first", () => {
    expect(standingOf(WELL)).toBe("well");
    expect(standingOf(one({ breaker: "open", state: "draining" }))).toBe("open");
    expect(standingOf(one({ state: "off", breaker: "open" }))).toBe("off");
    expect(standingOf(one({ health: { ...WELL.health, answered: 9_000 } }))).toBe("ailing");
    expect(standingOf(one({ probe_trouble: "x", health: { ...WELL.health, calls: 0 } }))).toBe("away");
    expect(standingOf(one({ probe_trouble: "x" }))).toBe("well");
    expect(standingOf(one({ state: "trial" }))).toBe("trial");
  });

  it("puts what a person must look at first", () => {
    const items = [WELL, one({ id: "2", breaker: "open" }), one({ id: "3", state: "off" })];
    expect(sorted(items).map((each) => each.id)).toEqual(["2", "1", "3"]);
    const canary = { share: 100 } as ConnectorRoute["canary"];
    expect(sortedRoutes([route({}), route({ canary })])[0]?.canary).toBe(canary);
  });

  it("offers the way back while there is one", () => {
    expect(mayRollBack(route({}))).toBe(false);
    expect(mayRollBack(route({ canary: { share: 1 } as ConnectorRoute["canary"] }))).toBe(true);
    expect(mayRollBack(route({ stage: "full", drains: "1" }))).toBe(true);
    expect(mayRollBack(route({ stage: "rolled_back", drains: "1" }))).toBe(false);
  });
});
