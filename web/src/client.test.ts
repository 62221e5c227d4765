import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, setCsrf, setSignedOut } from "./client";
import { asProblem, Problem } from "./problem";

const asked: Request[] = [];
function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request);
    return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
  });
}
afterEach(() => {
  asked.length = 0;
  setCsrf("");
  vi.unstubAllGlobals();
});

describe("the way to the hub", () => {
  it("repeats the session's token on writes alone", async () => {
    setCsrf("t0ken");
    answer(200, { ok: true });
    await ask("/v1/orders");
    await ask("/v1/orders", { method: "POST", json: { a: 1 } });
    expect(asked.map((one) => one.headers.get("X-CSRF-Token"))).toEqual([null, "t0ken"]);
    expect(asked[1]?.headers.get("content-type")).toBe("application/json");
    expect(await asked[1]?.json()).toEqual({ a: 1 });
  });

  it("gives nothing for 204", async () => {
    answer(204, null);
    expect(await ask("/v1/session", { method: "DELETE" })).toBeUndefined();
  });

  it("throws the hub's problem with its number", async () => {
    answer(
      409,
      { type: "x", title: "Conflict", status: 409, code: "left_already", reason: "已揽收" },
      { "x-request-id": "7f3a91cc" },
    );
    const problem = await ask("/v1/orders/1/acts").catch(asProblem);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({
      status: 409,
      code: "left_already",
      reason: "已揽收",
      requestId: "7f3a91cc",
      passes: false,
    });
  });

  it("knows what passes by itself, and how long to wait", async () => {
    answer(429, { code: "busy" }, { "retry-after": "7" });
    const busy = asProblem(await ask("/v1/orders").catch((error: unknown) => error));
    expect(busy).toMatchObject({ retryAfterS: 7, passes: true });
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("failed to fetch");
    });
    const lost = asProblem(await ask("/v1/orders").catch((error: unknown) => error));
    expect(lost).toMatchObject({ status: 0, code: "unreachable", passes: true });
  });

  it("says when the session has ended, and only then", async () => {
    const out = vi.fn();
    setSignedOut(out);
    answer(403, { code: "forbidden" });
    await ask("/v1/orders").catch(() => undefined);
    expect(out).not.toHaveBeenCalled();
    answer(401, { code: "unauthenticated" });
    await ask("/v1/orders").catch(() => undefined);
    expect(out).toHaveBeenCalledOnce();
  });

  it("does not take a broken answer for a sentence", async () => {
    vi.stubGlobal("fetch", async () => new Response("<html>bad gateway</html>", { status: 502 }));
    const problem = asProblem(await ask("/v1/orders").catch((error: unknown) => error));
    expect(problem).toMatchObject({ status: 502, code: "unreachable" });
  });
});
