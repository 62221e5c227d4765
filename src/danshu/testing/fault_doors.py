"""Injected faults that come through doors: what platforms list, what bills charge, what carriers
scan, and what no warehouse begins.

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

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.orders.decide import Command
from danshu.capabilities.sentinel.compare import COMPARED, LISTED
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
from danshu.testing import merchant, messages_china, platforms
from danshu.testing.baskets import ABROAD, Basket, Entry, wall_time
from danshu.testing.fault_stories import ACTOR

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from danshu.capabilities.intake.address import Place
    from danshu.hub.compose import Hub
    from danshu.ports.channel import Channel
    from danshu.testing.platforms import Platform

Connection = Any
Key = tuple[str, str]
SHOPS: Final = {"taobao": "单枢示例旗舰店", "jd": "90000317", "pdd": "pdd"}
BACK_MS: Final = 3 * 3_600_000  # how far the hub's clock stands back
SKUS: Final = tuple(sku for sku in merchant.skus() if int(sku.storage) == 1)[:20]
UNITS: Final = 2  # of the one line of each order
_PLACES: Final = 30
_BUILDERS: Final = {
    "taobao": messages_china.taobao_trade,
    "jd": messages_china.jd_order,
    "pdd": messages_china.pdd_order,
}
_IDENT: Final = 777_000_000_000
_AT_ONCE: Final = 32
_ACTING: Final = 4
_RATE_PPM: Final = 50_000
_RATED: Final = ("taobao", "jd")
_LISTED_SHARE: Final = 10  # of the faults that a listing shows, one in so many is shown by one
_STAGE: Final = "select stage from reconcile_runs where tenant=%s and id=%s"
_CARRIER: Final = "SF"


class Trade(Struct, frozen=True, kw_only=True):
    """One order at its platform: its basket, and the fault that it is to be found by."""

    channel: str
    basket: Basket
    fault: str = ""
    is_listed: bool = True  # the fault is in the listing

    def body(self) -> bytes:
        """Give the platform's message as it was pushed."""
        return _body(self.channel, self.basket)

    def listed_body(self) -> bytes:
        """Give the order as the platform lists it."""
        change = _CHANGES.get(self.fault) if self.is_listed else None
        if change is None:
            return self.body()
        basket, more = change(self.basket)
        return _body(self.channel, basket, more)


def _body(channel: str, basket: Basket, more: str = "") -> bytes:
    made = _BUILDERS[channel](random.Random(f"{channel}/{basket.ident}"), basket)
    if more:
        _close(channel, made)
    return msgspec.json.encode(made)


def _close(channel: str, made: dict[str, Any]) -> None:
    """Let the platform have closed an order before anything left."""
    if channel == "taobao":
        trade = made["trade_fullinfo_get_response"]["trade"]
        trade["status"] = "TRADE_CLOSED"
        for child in trade["orders"]["order"]:
            child["status"] = "TRADE_CLOSED"
    elif channel == "jd":
        made["orderState"] = "TRADE_CANCELED"
    else:
        made["order_info_get_response"]["order_info"]["confirm_status"] = 2


def _other_units(basket: Basket) -> tuple[Basket, str]:
    """More units for the same money."""
    (entry,) = basket.entries
    other = replace(entry, quantity=UNITS + 1, price=entry.price * UNITS // (UNITS + 1))
    return replace(basket, entries=(other,)), ""


def _other_amount(basket: Basket) -> tuple[Basket, str]:
    (entry,) = basket.entries
    return replace(basket, entries=(replace(entry, price=entry.price + 1),)), ""


def _other_sku(basket: Basket) -> tuple[Basket, str]:
    (entry,) = basket.entries
    index = (entry.index + 1) % len(SKUS)
    return replace(basket, entries=(replace(entry, index=index, sku=SKUS[index]),)), ""


def _other_place(basket: Basket) -> tuple[Basket, str]:
    places = [place for place in _places() if place.province != basket.place.province]
    place = places[basket.ident % len(places)]
    return replace(basket, place=place, county=_county(place)), ""


def _closed(basket: Basket) -> tuple[Basket, str]:
    return basket, "closed"


_CHANGES: Final[dict[str, Callable[[Basket], tuple[Basket, str]]]] = {
    "quantity_mismatch": _other_units,
    "amount_mismatch": _other_amount,
    "sku_mismatch": _other_sku,
    "address_mismatch": _other_place,
    "illegal_transition": _closed,
}


def _places() -> list[Place]:
    codes = {region.code for region in merchant.regions()[:_PLACES]}
    return [place for place in Gazetteer.load().places if place.code in codes]


def _county(place: Place) -> str:
    counties = Gazetteer.load().counties(place.code)
    return counties[0] if counties else ""


def share(wrong: Mapping[str, int]) -> dict[str, int]:
    """Give of the faults those that come through doors, by class."""
    mine = {kind: wrong[kind] for kind in ("missing", "phantom", "stuck", "fee_deviation")}
    for kind in COMPARED:
        mine[kind] = wrong[kind] // _LISTED_SHARE
    return {**mine, "waybill_without_order": wrong["waybill_without_order"] // 2}


class Doors:
    """The orders that came through doors, and what must be found of them."""

    def __init__(self, seed: int, now_ms: int, wrong: Mapping[str, int]) -> None:
        self.expected: set[Key] = set()
        self.wrong: Final = wrong
        self._random: Final = random.Random(seed)
        self._at_ms: Final = (now_ms - BACK_MS) // 1000 * 1000
        self._placed: dict[int, uuid.UUID] = {}  # by ident
        faulty = [kind for kind in ("missing", "phantom", "stuck", *COMPARED) for _ in
                  range(wrong[kind])]  # fmt: skip
        kinds = faulty + [""] * (3 * wrong["fee_deviation"])
        self._random.shuffle(kinds)
        channels = tuple(SHOPS)
        self.trades: Final = [
            Trade(channel=channels[n % len(channels)], basket=self._basket(n), fault=kind)
            for n, kind in enumerate(kinds)
        ]

    @property
    def orders(self) -> int:
        """How many orders there are, the missing ones too."""
        return len(self.trades)

    def _basket(self, n: int) -> Basket:
        r, places = self._random, _places()
        place, index = r.choice(places), r.randrange(len(SKUS))
        price = r.randint(500, 3_000) * (UNITS + 1)
        entry = Entry(index=index, sku=SKUS[index], quantity=UNITS, price=price)
        return Basket(
            ident=_IDENT + n, entries=(entry,), postage=0, created_ms=self._at_ms - 60_000,
            paid_ms=self._at_ms - 30_000, name="张示例", phone_tail=f"{n % 10_000:04d}", note="",
            street=f"示例路{n}号", place=place, county=_county(place), abroad=ABROAD[0],
        )  # fmt: skip

    def _key(self, trade: Trade, number: str) -> str:
        return f"{trade.channel}/{SHOPS[trade.channel]}/{number}"

    async def place(self, hub: Hub, tenant: int, platform: Platform) -> None:
        """Let platforms sell, and push what is not to be missing."""
        for trade in self.trades:
            if trade.fault == "phantom":
                continue
            number = platform.sell(trade.channel, trade.listed_body(), self._at_ms)
            if trade.fault == "missing":
                self.expected.add(("missing", self._key(trade, number)))
        pushed = [trade for trade in self.trades if trade.fault != "missing"]
        for some in _chunks(pushed, _AT_ONCE):
            await asyncio.gather(*[self._push(hub, tenant, trade) for trade in some])

    async def _push(self, hub: Hub, tenant: int, trade: Trade) -> None:
        shop = SHOPS[trade.channel]
        account = Account(account=shop, tenant=tenant, channel=trade.channel, shop=shop)
        adapter = cast("Channel", registry.load("channel", trade.channel))
        (told,) = await intake.take(hub, account, adapter, trade.body())
        if not isinstance(told, Answer):
            raise ProgramError(f"an injected order was not taken: {told}")
        self._placed[trade.basket.ident] = told.order
        subject = told.order.hex
        if trade.fault in COMPARED:
            self.expected.add((trade.fault, subject + LISTED))
        elif trade.fault in ("phantom", "stuck"):
            self.expected.add((trade.fault, subject))

    async def begin(self, hub: Hub, tenant: int) -> None:
        """Let warehouses begin all orders but those that are to be stuck."""
        begun = [
            self._placed[trade.basket.ident]
            for trade in self.trades
            if trade.fault not in ("missing", "stuck")
        ]
        turns = asyncio.Semaphore(_ACTING)

        async def begin_one(id_: uuid.UUID) -> None:
            async with turns:
                for event in ("release", "pick"):
                    done = await hub.act(tenant, id_, Command(event=event, by="faults"), ACTOR)
                    if not isinstance(done, Answer):
                        raise ProgramError(f"an injected order was not begun: {done}")

        for some in _chunks(begun, _AT_ONCE):
            await asyncio.gather(*[begin_one(id_) for id_ in some])

    async def pull(self, connection: Connection, hub: Hub, tenant: int, platform: Platform) -> None:
        """Connect the shops and compare their listings up to now."""
        for channel, shop in SHOPS.items():
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
        left = self.wrong["fee_deviation"]
        moves: dict[str, list[papers.Move]] = {channel: [] for channel in _RATED}
        for trade in self.trades:
            if trade.channel not in moves or trade.fault:
                continue
            number, total = _number(trade), trade.basket.due
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
        scans = [(f"SF99{n:010d}", at) for n in range(self.wrong["waybill_without_order"])]
        await sentinel_scans.take(connection, tenant, _CARRIER, scans)
        self.expected |= {("waybill_without_order", f"{_CARRIER}/{number}") for number, _ in scans}


def _number(trade: Trade) -> str:
    """Give the platform's number of a trade."""
    made = _BUILDERS[trade.channel](random.Random(0), trade.basket)
    if trade.channel == "taobao":
        return str(cast("Any", made)["trade_fullinfo_get_response"]["trade"]["tid"])
    return str(made["orderId"])


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
