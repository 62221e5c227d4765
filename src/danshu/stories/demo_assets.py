"""A month behind the demo's merchant, and the assets made of it.

Older orders come in as the platforms' messages of their days, are picked, shipped and signed for at
their own times (what was told late is in the log as told late), and some go back. Then the assets
are brought up to the log. A second run adds nothing.
"""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from danshu.hub import asset_building, asset_files, asset_store, assets
from danshu.hub.worlds import now_ms
from danshu.kernel.fact import rfc3339
from danshu.ports import registry
from danshu.stories import caller
from danshu.testing import merchant, messages

if TYPE_CHECKING:
    import httpx

    from danshu.ports.channel import Account, Channel
    from danshu.stories.stage import Stage

FIRST: Final = 700_001  # numbers of older orders; those of the demo begin at 1
EACH: Final = 12  # a channel, or as many as it has new ones
DAYS: Final = 28
_SEED: Final = 9
_TOGETHER: Final = 16
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_EAST_MS: Final = 8 * _HOUR_MS
# When people order, by the hour of the day from 0 on.
_HOURS: Final = (2, 1, 1, 0, 0, 0, 1, 2, 4, 6, 8, 7, 7, 5, 5, 5, 5, 5, 6, 8, 12, 12, 8, 4)
_WORDS: Final = (
    ("return", "no_longer_wanted", "尺码不合适"),
    ("return", "no_longer_wanted", "买小了穿不下"),
    ("return", "quality", "掉色 洗了一次就废了"),
    ("refund_only", "damaged", "收到就是碎的"),
    ("return", "not_as_described", "跟图片色差太大"),
    ("return", "no_longer_wanted", "号码偏大"),
    ("refund_only", "missing", "少一件没发"),
)
_CARRIERS: Final = ("SF", "ZTO", "JD", "YTO")
_CANCELLED: Final = 0.06
_LATE: Final = 0.08
_UNKNOWN_EVERY: Final = 40
_EVERY: Final = 7  # so many orders that were signed for, and one goes back


class _Older:
    """An order of the month behind: what its platform said, and how it went on."""

    def __init__(self, channel: str, nth: int, begun_ms: int) -> None:
        self.channel: Final = channel
        self._rng: Final = random.Random(f"{channel}/{nth}")
        self._begun_ms: Final = begun_ms
        today = (begun_ms + _EAST_MS) // _DAY_MS * _DAY_MS - _EAST_MS
        hour = self._rng.choices(range(24), weights=_HOURS)[0]
        at_ms = today - self._rng.randint(1, DAYS) * _DAY_MS + hour * _HOUR_MS
        self.body: Final = messages.message(
            channel, FIRST + nth, _SEED, at_ms + self._rng.randrange(60) * _MINUTE_MS
        )
        adapter = cast("Channel", registry.load("channel", channel))
        draft = adapter.parse(self.body)[0]
        self.number: Final = draft.number
        self._created_ms: Final = draft.created_ms

    async def live(self, client: httpx.AsyncClient, order: str, nth: int) -> None:
        """Let it be picked, shipped and signed for at its own times, as far as they are past."""
        rng = self._rng
        if rng.random() < _CANCELLED:
            await caller.act(client, order, "cancel", reason="买家取消")
            return
        ship_ms = self._created_ms + rng.randint(2, 30) * _HOUR_MS + rng.randrange(_HOUR_MS)
        if rng.random() < _LATE:
            ship_ms += 2 * _DAY_MS
        sign_ms = ship_ms + rng.randint(16, 72) * _HOUR_MS + rng.randrange(_HOUR_MS)
        steps = {
            "release": self._created_ms + 20 * _MINUTE_MS,
            "pick": ship_ms - 60 * _MINUTE_MS,
            "pack": ship_ms - 40 * _MINUTE_MS,
            "ship": ship_ms,
            "deliver": sign_ms,
        }
        for event, at_ms in steps.items():
            if at_ms >= self._begun_ms:
                return
            more: dict[str, Any] = {"occurred_at": rfc3339(at_ms)}
            if event == "ship":
                carrier = rng.choice(_CARRIERS)
                more |= {"carrier": carrier, "waybill": f"OLD{order[-12:].upper()}"}
            await caller.act(client, order, event, **more)
        if nth % _EVERY == 0:
            kind, reason, words = _WORDS[nth // _EVERY % len(_WORDS)]
            asked = {"kind": kind, "reason": reason, "words": words, "by_buyer": True}
            lines = [{"line": 1, "quantity": 1}]
            path = f"/v1/orders/{order}/after-sales"
            await caller.ask(client, "POST", path, json={**asked, "lines": lines})


async def play(
    stage: Stage,
    client: httpx.AsyncClient,
    shops: dict[str, Account],
    tenant: int,
    begun_ms: int,
    orders: int,
) -> int:
    """Let a month of orders have happened, and make the assets; gives how many have cells."""
    there = await _list(client)
    new = [
        o
        for o in _older(begun_ms)[: orders * len(messages.CHANNELS)]
        if (o.channel, o.number) not in there
    ]
    await caller.each(
        _TOGETHER, [caller.send_message(client, shops[o.channel], o.body) for o in new]
    )
    there = await _list(client) if new else there
    jobs = [
        o.live(client, there[o.channel, o.number]["order"], nth)
        for nth, o in enumerate(new)
        if there[o.channel, o.number]["state"] == "allocated"
    ]
    await caller.each(_TOGETHER, jobs)
    if new:
        await caller.ask(client, "PUT", "/v1/sku-values", json=_costs())
    async with stage.connection() as connection:
        await asset_building.bring_up(connection, tenant, assets.place(), clock=now_ms)
    folder = asset_files.of_tenant(assets.place(), tenant)
    built = [asset_store.read_built(folder, name) for name in assets.known()]
    return sum(1 for each in built if each and each.file.rows)


def numbers(begun_ms: int) -> set[tuple[str, str]]:
    """Give the channel and number of each order of the month before the demo began."""
    return {(o.channel, o.number) for o in _older(begun_ms)}


def _costs() -> list[dict[str, Any]]:
    """Say what goods cost: some 45 to 75 % of their price, of some nothing is known."""
    return [
        {"code": sku.code, "cost_fen": sku.price_fen * (45 + nth * 7 % 31) // 100}
        for nth, sku in enumerate(merchant.skus())
        if nth % _UNKNOWN_EVERY
    ]


@cache
def _older(begun_ms: int) -> tuple[_Older, ...]:
    return tuple(_Older(c, n, begun_ms) for n in range(EACH) for c in messages.CHANNELS)


async def _list(client: httpx.AsyncClient) -> dict[tuple[str, str], dict[str, Any]]:
    return {(o["channel"], o["number"]): o for o in await caller.list_orders(client)}
