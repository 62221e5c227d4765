"""Forecasts of the demo's merchant: past sales of its old system, a promotion, and a first run."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import forecast_history
from danshu.hub.worlds import now_ms
from danshu.testing import merchant, past_sales

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

PLACES: Final = 3
"""Warehouses whose sales are brought, the merchant's first ones."""
PROVINCES: Final = ("31", "42", "44")  # the demo's scenario is about the second
SKUS: Final = 8
WEEKS: Final = 14
_FILE: Final = "旧系统近期销量.csv"
_BEAT_S: Final = 0.3
_PATIENCE: Final = 400


def warehouses(count: int = PLACES) -> list[str]:
    """Give the warehouses whose sales are brought."""
    return [each.code for each in merchant.warehouses()[:count]]


def skus(count: int = SKUS) -> list[str]:
    """Give the SKUs that are sold: ordinary goods."""
    return [each.code for each in merchant.skus() if int(each.storage) == 1][:count]


async def begin(client: httpx.AsyncClient) -> str:
    """Bring past sales, plan a promotion, ask for a run; gives its job. A second demo on the same
    data asks for none where there is a forecast ("").
    """
    if await is_told(client):
        return ""
    files = (await client.get("/v1/forecasts/history")).raise_for_status().json()["items"]
    if not files:
        await bring(client, [*warehouses(), *PROVINCES], skus(), weeks=WEEKS)
        today = forecast_history.day_of(now_ms())
        await promote(client, today + datetime.timedelta(days=12), skus()[1:3])
    return await ask(client)


async def is_told(client: httpx.AsyncClient) -> bool:
    """Tell whether there is a forecast."""
    told = (await client.get("/v1/forecasts/state")).raise_for_status().json()
    return told["run"] is not None


async def bring(
    client: httpx.AsyncClient,
    places: Sequence[str],
    goods: Sequence[str],
    weeks: int = past_sales.WEEKS,
) -> dict[str, Any]:
    """Bring past sales of places and goods through the door that people use."""
    body = past_sales.history(forecast_history.day_of(now_ms()), places, goods, weeks=weeks)
    told = await client.post(
        "/v1/forecasts/history",
        params={"name": _FILE},
        content=body,
        headers={"content-type": "text/csv"},
    )
    return dict(told.raise_for_status().json())


async def promote(client: httpx.AsyncClient, first: datetime.date, goods: Sequence[str]) -> None:
    """Plan a promotion of three days."""
    told = await client.post(
        "/v1/forecasts/promotions",
        json={
            "name": "年末促销",
            "skus": list(goods),
            "first_day": first.isoformat(),
            "last_day": (first + datetime.timedelta(days=2)).isoformat(),
            "uplift": 1_800,
        },
    )
    told.raise_for_status()


async def ask(client: httpx.AsyncClient) -> str:
    """Ask for a run; gives its job."""
    return str((await client.post("/v1/forecasts/run")).raise_for_status().json()["id"])


async def wait(client: httpx.AsyncClient, job: str) -> bool:
    """Wait until a run has ended; tells whether it was done. Without a run there is a forecast."""
    if not job:
        return await is_told(client)
    for _ in range(_PATIENCE):
        found = (await client.get(f"/v1/jobs/{job}")).raise_for_status().json()
        if found["ended"]:
            return bool(found["state"] == "done")
        await asyncio.sleep(_BEAT_S)
    return False
