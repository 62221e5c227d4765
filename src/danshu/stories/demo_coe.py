"""The demo's order COE: two goals, the reviews of the last week and of the last seven days, and a
sentence that the meeting took up. A second run adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller

if TYPE_CHECKING:
    import httpx

P: Final = "/v1/coe"
GOALS: Final = (
    {"metric": "on_time_rate", "target": 970, "owner": "role:policy"},
    {"metric": "split_rate", "target": 80, "owner": "role:planner"},
)
ITEM: Final = {
    "title": "预冷两小时，再放行冷链订单",
    "text": "夏季之前写成策略并试算",
    "owner": "role:policy",
    "value_fen": 1_200_000,
}


async def play(client: httpx.AsyncClient) -> int:
    """Set goals, write reviews and take a sentence up; gives how many reviews there are."""
    page = (await caller.ask(client, "GET", f"{P}/reviews")).json()
    goals = (await caller.ask(client, "GET", f"{P}/goals")).json()["items"]
    for goal in () if goals else GOALS:
        await caller.ask(client, "POST", f"{P}/goals", json=goal)
    if not goals:
        await caller.ask(client, "POST", f"{P}/backlog", json=ITEM)
    told: dict[str, Any] = {}
    for week in (page["ended"], page["today"]):
        made = await caller.ask(client, "POST", f"{P}/reviews", json={"week": week})
        told = made.json()
    agenda = told["agenda_keys"]
    if agenda and not told["review"].get("agenda"):
        body = {"key": agenda[0], "accepted": True, "owner": "role:policy", "note": "下周复看"}
        path = f"{P}/reviews/{told['review']['week']}/agenda"
        await caller.ask(client, "POST", path, json=body)
    return len({page["ended"], page["today"]})
