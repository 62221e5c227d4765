"""Transfer orders of the demo: one planned, one on its way, one received with differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller

if TYPE_CHECKING:
    import httpx

SOURCE: Final = "WH01"
TARGETS: Final = ("HZ01", "SH01", "NJ01")
UNITS: Final = 24
_ROWS: Final = 200


async def play(client: httpx.AsyncClient) -> int:
    """Plan three of what the source has most of; gives how many there are. Twice makes no more."""
    found = (await caller.ask(client, "GET", "/v1/transfers")).json()["items"]
    if found:
        return len(found)
    path = f"/v1/stock?warehouse={SOURCE}&limit={_ROWS}"
    rows = (await caller.ask(client, "GET", path)).json()["items"]
    free = sorted((row["on_hand"] - row["reserved"] - row["safety"], row["sku"]) for row in rows)
    most = [sku for units, sku in reversed(free) if units >= 2 * UNITS][:2]
    if len(most) < 2:
        return 0
    planned, gone, came = [await _plan(client, target, most) for target in TARGETS]
    del planned
    for one in (gone, came):
        await _act(client, one, "dispatch", {"key": "demo-out"})
    lines = [
        {"sku": most[0], "good": UNITS - 3, "damaged": 1},
        {"sku": most[1], "good": UNITS},
    ]
    body = {"key": "demo-in", "lines": lines, "final": True, "note": "外箱有压痕"}
    await _act(client, came, "receive", body)
    return len(TARGETS)


async def _plan(client: httpx.AsyncClient, target: str, skus: list[str]) -> str:
    wish: dict[str, Any] = {
        "key": f"demo-{target}",
        "from_warehouse": SOURCE,
        "to_warehouse": target,
        "lines": [{"sku": sku, "quantity": UNITS} for sku in skus],
        "truck": "4.2 米厢车",
        "cost_fen": 86_000,
        "note": "旺季前补货",
    }
    return str((await caller.ask(client, "POST", "/v1/transfers", json=wish)).json()["id"])


async def _act(client: httpx.AsyncClient, one: str, what: str, body: dict[str, Any]) -> None:
    await caller.ask(client, "POST", f"/v1/transfers/{one}/{what}", json=body)
