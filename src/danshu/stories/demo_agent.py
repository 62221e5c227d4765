"""The agent of the demo: its skills have looked, a planner has decided upon some of what they and a
program proposed, drafting policies is only proposed. A second run adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.stories import caller
from danshu.stories.stage import HTTP_S
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage

WAREHOUSES: Final = ("HZ01", "SH01", "NJ01")
MORE: Final = 6
_TOGETHER: Final = 4
_QUOTED: Final = "双十二前先备足,供应商 11 月 30 日才到货"


async def play(place: Stage, client: httpx.AsyncClient, code: str, password: str) -> int:
    """Let skills look and people decide; gives how many proposals there are."""
    found = await _list(client)
    if any(row["state"] not in ("waiting", "expired") for row in found):
        return len(found)
    skills = (await caller.ask(client, "GET", "/v1/agent/skills")).json()["items"]
    looks = [
        caller.ask(client, "POST", f"/v1/agent/skills/{skill['name']}/look", json={})
        for skill in skills
        if not skill["trouble"]
    ]
    await caller.each(_TOGETHER, looks)
    made = [await _propose(client, warehouse) for warehouse in WAREHOUSES]
    origin = place.servers[0].replace("127.0.0.1", "localhost")
    async with (
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as two,
    ):
        planner, admin = Signer(one, origin), Signer(two, origin)
        await planner.enter(code, f"p05@{code}.example", password)
        await admin.enter(code, f"a01@{code}.example", password)
        await planner.ask(f"/v1/proposals/{made[0]}/approve", {"note": "量不大,先备上"})
        await planner.ask(f"/v1/proposals/{made[1]}/approve", {"note": "同意"})
        await planner.ask(f"/v1/proposals/{made[1]}/roll-back", {"reason": "到货提前了"})
        await planner.ask(f"/v1/proposals/{made[2]}/refuse", {"reason": "该仓下周停业盘点"})
        level = {"level": "propose", "reason": "策略先由人起草,看它提得准不准"}
        await admin.client.put("/v1/agent/autonomy/draft_policy", json=level, headers=admin.headers)
    return len(await _list(client))


async def _list(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    told = await caller.ask(client, "GET", "/v1/proposals", params={"of": "all", "limit": 200})
    found: list[dict[str, Any]] = told.json()["items"]
    return found


async def _propose(client: httpx.AsyncClient, warehouse: str) -> str:
    """Let a program propose a little more safety stock; gives the proposal's id."""
    asked = {"warehouse": warehouse, "limit": 1}
    (row,) = (await caller.ask(client, "GET", "/v1/stock", params=asked)).json()["items"]
    wish = {
        "action": "safety_stock",
        "key": f"demo/{warehouse}/{row['sku']}",
        "parameters": {
            "warehouse": warehouse,
            "sku": row["sku"],
            "now": row["safety"],
            "safety": row["safety"] + MORE,
        },
        "why": _QUOTED,
        "cites": [{"kind": "stock", "ref": f"{warehouse}/{row['sku']}", "label": "库存"}],
        "low_fen": 20_000,
        "mid_fen": 68_000,
        "high_fen": 120_000,
        "cost_fen": 9_000,
        "lost_fen": 9_000,
    }
    made = await caller.ask(client, "POST", "/v1/proposals", json=wish)
    return str(made.json()["row"]["id"])
