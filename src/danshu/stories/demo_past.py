"""What lies behind the demo's merchant: a month of orders, and thinner months before it.

Older orders come in as the platforms' messages of their days, are picked, shipped and signed for at
their own times (what was told late is in the log as told late), and some of the last month's go
back. A second run adds nothing. They are many, so they are told to a hub in this process, by the
functions behind the doors, all that happened to one at once: or the clocks would break promises
before the hub has heard that they were kept.

What is ordered is collected on the next working day, not at weekends. That is why most of what is
late is late, and what models can learn of this merchant.
"""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from danshu.capabilities.orders.decide import Command
from danshu.hub import acts, compensations, compose, intake
from danshu.hub.changes import Change
from danshu.hub.requests import Answer
from danshu.kernel.errors import ProgramError, Refusal
from danshu.ports import registry
from danshu.stories import caller, furnishing
from danshu.testing import messages

if TYPE_CHECKING:
    import uuid

    import httpx

    from danshu.hub.changes import Decide, Held
    from danshu.hub.compose import Hub
    from danshu.hub.requests import Outcome
    from danshu.hub.world import World
    from danshu.ports.channel import Account, Channel

FIRST: Final = 700_001  # numbers of older orders; those of the demo begin at 1
EACH: Final = 12  # a channel in the last month, or as many as it has new ones
DAYS: Final = 28
BEFORE_EACH: Final = 30  # a channel in the months before, whatever the demo is asked for
BEFORE_DAYS: Final = 90
_SEED: Final = 9
_TOGETHER: Final = 8
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_EAST_MS: Final = 8 * _HOUR_MS
_THURSDAY: Final = 3  # day 0 of the epoch, where Monday is 0
_WEEKEND: Final = frozenset({5, 6})
_BY: Final = furnishing.TELLER.sub
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
_LATE: Final = 0.01
_PAID: Final = "旧系统当时已赔付"
_EVERY: Final = 7  # so many orders that were signed for, and one goes back


class _Older:
    """An order of the time behind: what its platform said, and how it went on."""

    def __init__(self, channel: str, nth: int, begun_ms: int) -> None:
        self.channel: Final = channel
        self.nth: Final = nth
        self.is_last_month: Final = nth < EACH
        self._rng: Final = random.Random(f"{channel}/{nth}")
        self._begun_ms: Final = begun_ms
        today = (begun_ms + _EAST_MS) // _DAY_MS * _DAY_MS - _EAST_MS
        hour = self._rng.choices(range(24), weights=_HOURS)[0]
        days = (1, DAYS) if self.is_last_month else (DAYS + 1, BEFORE_DAYS)
        at_ms = today - self._rng.randint(*days) * _DAY_MS + hour * _HOUR_MS
        self.body: Final = messages.message(
            channel, FIRST + nth, _SEED, at_ms + self._rng.randrange(60) * _MINUTE_MS
        )
        self._adapter: Final = cast("Channel", registry.load("channel", channel))
        draft = self._adapter.parse(self.body)[0]
        self.number: Final = draft.number
        self.created_ms: Final = draft.created_ms
        self.is_signed = False  # for, within the last month

    async def live(self, hub: Hub, account: Account) -> uuid.UUID | None:
        """Let it come in, be picked, shipped and signed for at its own times, as far as they are
        past; gives it where it has gone its way.
        """
        (placed,) = await intake.take(hub, account, self._adapter, self.body)
        if not isinstance(placed, Answer):
            raise _unheard(self.number, placed)
        if placed.existing or placed.state != "allocated":
            return None
        commands = self._commands(placed.order)
        told = await hub.change(account.tenant, placed.order, _each(commands), furnishing.TELLER)
        if isinstance(told, Refusal):
            raise _unheard(self.number, told)
        self.is_signed = self.is_last_month and told.state == "delivered"
        return placed.order

    def _commands(self, order: uuid.UUID) -> list[Command]:
        """Write what happened to it."""
        rng = self._rng
        if rng.random() < _CANCELLED:
            return [Command(event="cancel", reason="买家取消", by=_BY)]
        day = (self.created_ms + _EAST_MS) // _DAY_MS + (2 if rng.random() < _LATE else 1)
        while (day + _THURSDAY) % 7 in _WEEKEND:
            day += 1
        ship_ms = day * _DAY_MS - _EAST_MS + rng.randint(10, 17) * _HOUR_MS
        ship_ms += rng.randrange(_HOUR_MS)
        sign_ms = ship_ms + rng.randint(16, 72) * _HOUR_MS + rng.randrange(_HOUR_MS)
        steps = {
            "release": self.created_ms + 20 * _MINUTE_MS,
            "pick": ship_ms - 60 * _MINUTE_MS,
            "pack": ship_ms - 40 * _MINUTE_MS,
            "ship": ship_ms,
            "deliver": sign_ms,
        }
        carrier, waybill = rng.choice(_CARRIERS), f"OLD{order.hex[-12:].upper()}"
        told = [Command(event=e, occurred_ms=ms, by=_BY) for e, ms in steps.items()]
        return [
            replace(one, carrier=carrier, waybill=waybill) if one.event == "ship" else one
            for one in told
            if one.occurred_ms < self._begun_ms
        ]


async def play(
    url: str, client: httpx.AsyncClient, shops: dict[str, Account], begun_ms: int, orders: int
) -> int:
    """Let what lies behind have happened, the last month of so many orders a channel; gives how
    many came in.
    """
    there = {(o["channel"], o["number"]) for o in await caller.list_orders(client)}
    wanted = [o for o in _older(begun_ms) if o.nth < orders or not o.is_last_month]
    new = [o for o in wanted if (o.channel, o.number) not in there]
    if not new:
        return 0
    async with compose.open_hub(url) as hub:
        jobs = [o.live(hub, shops[o.channel]) for o in new]
        gone = dict(zip(new, await caller.each(_TOGETHER, jobs), strict=True))
        early = {str(order) for one, order in gone.items() if order and not one.is_last_month}
        await _settle(hub, shops[new[0].channel].tenant, early)
    signed = [order for one, order in gone.items() if order and one.is_signed]
    back = [_send_back(client, order, nth) for nth, order in enumerate(signed[::_EVERY])]
    await caller.each(_TOGETHER, back)
    return len(new)


def _each(commands: list[Command]) -> Decide:
    """Tell several acts as one change: what happened long ago is told in one breath."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        change = Change(order=held.order, said=[], promises=held.promises)
        for command in commands:
            after = replace(held, order=change.order, promises=change.promises)
            decided = acts.command(command)(world, after, now_ms)
            if isinstance(decided, Refusal):
                return decided
            change = replace(decided, said=[*change.said, *decided.said])
        return change

    return decide


async def _settle(hub: Hub, tenant: int, orders: set[str]) -> None:
    """Let what was owed for the months before have been paid when it was owed."""
    async with hub.connection() as connection:
        owed = await compensations.by_state(
            connection, tenant, "proposed", compensations.FIRST, len(orders) + 1
        )
    for row in owed:
        if str(row.order) in orders:
            no = compensations.decided(row, "refuse", _PAID)
            await hub.change(tenant, row.order, no, furnishing.TELLER)


async def _send_back(client: httpx.AsyncClient, order: uuid.UUID, nth: int) -> None:
    kind, reason, words = _WORDS[nth % len(_WORDS)]
    asked = {"kind": kind, "reason": reason, "words": words, "by_buyer": True}
    body = {**asked, "lines": [{"line": 1, "quantity": 1}]}
    await caller.ask(client, "POST", f"/v1/orders/{order}/after-sales", json=body)


def numbers(begun_ms: int) -> set[tuple[str, str]]:
    """Give the channel and number of each order of the time before the demo began."""
    return {(o.channel, o.number) for o in _older(begun_ms)}


def _unheard(number: str, told: Outcome) -> ProgramError:
    return ProgramError(f"older order {number}: {told}")


@cache
def _older(begun_ms: int) -> tuple[_Older, ...]:
    """Write all of them, the first that were placed first."""
    found = [_Older(c, n, begun_ms) for n in range(EACH + BEFORE_EACH) for c in messages.CHANNELS]
    return tuple(sorted(found, key=lambda o: (o.created_ms, o.channel)))
