"""The demo's network: a plan after the first forecast, and a scenario with a warehouse closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller, demo_forecasts

if TYPE_CHECKING:
    import httpx

SCENARIO: Final[dict[str, Any]] = {
    "title": "武汉仓停用，湖北需求涨三成",
    "closed": ["WH01"],
    "demand": [["42", 1_300]],
    "supplier_share": 1_200,
}


async def play(client: httpx.AsyncClient, forecast: str) -> bool:
    """Wait for the forecast, then ask for a plan and a scenario, which go on by themselves; tells
    whether there is a forecast. A second demo on the same data asks for neither again.
    """
    if not await demo_forecasts.wait(client, forecast):
        return False
    for kind, asked, wish in (("plan", "runs", {}), ("scenario", "scenarios", SCENARIO)):
        path = f"/v1/network/runs?kind={kind}&limit=1"
        if not (await caller.ask(client, "GET", path)).json()["items"]:
            await caller.ask(client, "POST", f"/v1/network/{asked}", json=wish)
    return True
