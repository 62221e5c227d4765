"""Injected faults that come through doors: what platforms push and list, what bills charge, what
carriers scan, what people tell of parcels, and what no warehouse begins.

Orders are taken in as their platform's own messages, on a hub whose clock stands some hours back.
The reference platform lists them over HTTP: some of them otherwise than they came in, some not at
all, and some that never came. Bills in the platforms' own forms charge other fees than agreed. Most
orders are begun by their warehouse; the clock then moves over the promises of the rest.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace

from danshu.capabilities.settlement.tolerances import FeeRate, Rules
from danshu.hub import (
    bills,
    compose,
    intake,
    jobs,
    outside,
    reconcile,
    sentinel_pull,
    sentinel_scans,
    sentinel_shops,
)
from danshu.hub.requests import Answer
from danshu.hub.worlds import Worlds
from danshu.kernel import ids
from danshu.kernel.errors import ProgramError
from danshu.ports import registry
from danshu.ports.channel import Account
from danshu.testing import bills as papers
from danshu.testing import fault_trades as trades
from danshu.testing import platforms
from danshu.testing.baskets import wall_time
from danshu.testing.fault_stories import ACTOR
from danshu.testing.fault_trades import Trade

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.hub.compose import Hub
    from danshu.ports.channel import Channel
    from danshu.testing.platforms import Platform

Connection = Any
Key = tuple[str, str]
Shares = dict[tuple[str, str], int]
BACK_MS: Final = 3 * 3_600_000  # how far the hub's clock stands back
_IDENT: Final = 777_000_000_000
_AT_ONCE: Final = 32
_ACTING: Final = 4
_RATE_PPM: Final = 50_000
_RATED: Final = ("taobao", "jd")
_SHARE: Final = 10  # of the faults that facts show as well, one in so many comes through a door
_TWINS: Final = "taobao"  # where a buyer is known by what stands for the receiver
_STAGE: Final = "select stage from reconcile_runs where tenant=%s and id=%s"
_CARRIER: Final = "SF"


def share(wrong: Mapping[str, int]) -> Shares:
    """Give of the faults those that come through doors, by class and way ("" = the only one)."""
    mine = {(kind, ""): wrong[kind] for kind in ("missing", "phantom", "stuck", "fee_deviation")}
    for way, kinds in trades.WAYS.items():
        mine |= {(kind, way): wrong[kind] // _SHARE for kind in kinds}
    # what no warehouse can begin is stuck as well
    mine["stuck", ""] -= sum(mine[kind, trades.BY_PUSH] for kind in trades.UNBEGUN)
    return {**mine, ("waybill_without_order", ""): wrong["waybill_without_order"] // 2}


class Doors:
    """The orders that came through doors, and what must be found of them."""

    def __init__(self, seed: int, now_ms: int, wrong: Shares) -> None:
        self.expected: set[Key] = set()
        self._fees: Final = wrong["fee_deviation", ""]
        self._scans: Final = wrong["waybill_without_order", ""]
        self._random: Final = random.Random(seed)
        self._at_ms: Final = (now_ms - BACK_MS) // 1000 * 1000
        self._placed: dict[int, uuid.UUID] = {}  # by ident
        not_orders = ("fee_deviation", "waybill_without_order")
        kinds = [each for each, n in wrong.items() for _ in range(n) if each[0] not in not_orders]
        kinds += [("", "")] * (3 * self._fees)
        self._random.shuffle(kinds)
        self.trades: Final = [self._make(n, *each) for n, each in enumerate(kinds)]
        usual = [trade for trade in self.trades if trade.channel == _TWINS and not trade.fault]
        twins = [n for n, trade in enumerate(self.trades) if trade.fault == "duplicate"]
        for n, of in zip(twins, usual, strict=False):
            basket = replace(of.basket, ident=self.trades[n].basket.ident)
            self.trades[n] = replace(
                self.trades[n], channel=_TWINS, basket=basket, like=of.basket.ident
            )

    def _make(self, n: int, fault: str, way: str) -> Trade:
        channel = tuple(trades.SHOPS)[n % len(trades.SHOPS)]
        basket = trades.draw(self._random, _IDENT + n, self._at_ms)
        return Trade(channel=channel, basket=basket, fault=fault, way=way)

    @property
    def orders(self) -> int:
        """How many orders there are, the missing ones too."""
        return len(self.trades)

    async def place(self, hub: Hub, tenant: int, platform: Platform) -> None:
        """Let platforms sell, and push what is not to be missing."""
        for trade in self.trades:
            if trade.fault != "phantom":
                platform.sell(trade.channel, trade.listed_body(), self._at_ms)
            if trade.fault == "missing":
                self.expected.add(("missing", trade.key))
        pushed = [trade for trade in self.trades if trade.fault != "missing"]
        for is_second in (False, True):
            turn = [trade for trade in pushed if trade.is_second is is_second]
            for some in _chunks(turn, _AT_ONCE):
                await asyncio.gather(*[self._push(hub, tenant, trade) for trade in some])

    async def _push(self, hub: Hub, tenant: int, trade: Trade) -> None:
        shop = trades.SHOPS[trade.channel]
        account = Account(account=shop, tenant=tenant, channel=trade.channel, shop=shop)
        adapter = cast("Channel", registry.load("channel", trade.channel))
        (told,) = await intake.take(hub, account, adapter, trade.body())
        if not isinstance(told, Answer):
            raise ProgramError(f"an injected order was not taken: {told}")
        self._placed[trade.basket.ident] = told.order
        if trade.fault:
            self.expected.add((trade.fault, trade.subject(told.order)))
        if trade.is_stuck:
            self.expected.add(("stuck", told.order.hex))

    async def begin(self, hub: Hub, tenant: int) -> None:
        """Let warehouses begin all orders but those that are to be stuck."""
        turns = asyncio.Semaphore(_ACTING)

        async def begin_one(trade: Trade) -> None:
            async with turns:
                for command in trade.acts(hub.clock()):
                    id_ = self._placed[trade.basket.ident]
                    done = await hub.act(tenant, id_, command, ACTOR)
                    if not isinstance(done, Answer):
                        raise ProgramError(f"an injected order did not {command.event}: {done}")

        here = [trade for trade in self.trades if trade.basket.ident in self._placed]
        for some in _chunks(here, _AT_ONCE):
            await asyncio.gather(*[begin_one(trade) for trade in some])

    async def pull(self, connection: Connection, hub: Hub, tenant: int, platform: Platform) -> None:
        """Connect the shops and compare their listings up to now."""
        for channel, shop in trades.SHOPS.items():
            new = sentinel_shops.NewShop(
                channel=channel, shop=shop, adapter=channel, url=platform.url, key=platforms.KEY,
                secret=platforms.SECRET, token=platforms.TOKEN, every_s=2,
            )  # fmt: skip
            await sentinel_shops.put(connection, tenant, new, ACTOR, self._at_ms)
        worlds = Worlds(hub.url)
        try:
            async with outside.client() as web:
                while self._behind(await sentinel_shops.read(connection, tenant)):
                    await connection.execute("update pull_accounts set asked=null")
                    await sentinel_pull.pull_due(connection, worlds, web, compose.now_ms())
        finally:
            await worlds.close()
        for channel, shop in trades.SHOPS.items():  # the platform closes: they rest from here on
            await sentinel_shops.turn(connection, tenant, channel, shop, ACTOR, is_on=False)

    def _behind(self, shops: Sequence[sentinel_shops.Shop]) -> bool:
        """Tell whether a listing was not compared yet past all orders. Raises ProgramError."""
        for shop in shops:
            if shop.trouble:
                raise ProgramError(f"the listing of {shop.channel}: {shop.trouble}")
        until = datetime.datetime.fromtimestamp((self._at_ms + BACK_MS // 2) / 1000, datetime.UTC)
        return any(shop.adapter and shop.upto < f"{until:%Y-%m-%dT%H:%M:%S}" for shop in shops)

    async def bill(self, connection: Connection, hub: Hub, tenant: int) -> None:
        """Bring in bills of what was sold, some of whose commissions are not as agreed, and
        reconcile.
        """
        rates = tuple(FeeRate(channel=each, kind="commission", ppm=_RATE_PPM) for each in _RATED)
        await reconcile.set_rules(connection, tenant, Rules(rates=rates), ACTOR)
        left = self._fees
        moves: dict[str, list[papers.Move]] = {channel: [] for channel in _RATED}
        for trade in self.trades:
            if trade.channel not in moves or trade.fault:
                continue
            number, total = trade.number, trade.basket.due
            fee = (total * _RATE_PPM + 500_000) // 1_000_000
            if left:
                left -= 1
                fee += self._random.choice((-1, 1)) * self._random.randint(2, 40)
                self.expected.add(("fee_deviation", number))
            at, flow = wall_time(trade.basket.paid_ms), f"F{trade.basket.ident}"
            sold = papers.Move(kind="sale", number=number, amount=total, at=at, flow=flow + "1")
            took = papers.Move(
                kind="commission", number=number, amount=-fee, at=at, flow=flow + "2"
            )
            moves[trade.channel] += [sold, took]
        if left:
            raise ProgramError(f"{left} fees found no order")
        with tempfile.TemporaryDirectory(prefix="danshu-faults-") as folder:
            for name, form, made in (
                ("taobao", "alipay", papers.alipay(moves["taobao"])),
                ("jd", "jd", papers.jd(moves["jd"])),
            ):
                file = Path(folder, f"{name}.csv")
                file.write_bytes(made)
                source = bills.Source(
                    path=file, name=file.name, mapping=bills.read_form(form), channel=name
                )
                await bills.bring_in(connection, tenant, source, ACTOR)
        await _reconcile(connection, hub, tenant)

    async def scan(self, connection: Connection, tenant: int) -> None:
        """Let a carrier scan parcels that no order knows."""
        at = datetime.datetime.fromtimestamp(self._at_ms / 1000, datetime.UTC)
        scans = [(f"SF99{n:010d}", at) for n in range(self._scans)]
        await sentinel_scans.take(connection, tenant, _CARRIER, scans)
        self.expected |= {("waybill_without_order", f"{_CARRIER}/{number}") for number, _ in scans}


async def _reconcile(connection: Connection, hub: Hub, tenant: int) -> None:
    """Run a reconciliation to its end, here or where the hub's own runner took it up."""
    run = await reconcile.ask(connection, tenant, "faults", whole=True)
    holder = ids.uuid7(compose.now_ms(), os.urandom(10))
    while job := await jobs.claim(connection, holder):
        await reconcile.work(hub, job, holder)
    while True:
        row = await (await connection.execute(_STAGE, (tenant, run))).fetchone()
        if row and row[0] == "done":
            return
        if not row or row[0] in (jobs.FAILED, jobs.CANCELLED):
            raise ProgramError(f"the reconciliation ended as {row}")
        await asyncio.sleep(0.05)


def _chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[n : n + size] for n in range(0, len(items), size))
