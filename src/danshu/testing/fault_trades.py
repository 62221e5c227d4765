"""Orders of injected faults as their platforms know them: how each is pushed, listed and worked on,
and what it must be found by.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.sentinel.compare import COMPARED, LISTED
from danshu.testing import merchant, messages_china
from danshu.testing.baskets import ABROAD, Basket, Entry

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from danshu.capabilities.intake.address import Place

Key = tuple[str, str]
SHOPS: Final = {"taobao": "单枢示例旗舰店", "jd": "90000317", "pdd": "pdd"}
SKUS: Final = tuple(sku for sku in merchant.skus() if int(sku.storage) == 1)[:20]
UNITS: Final = 2  # of the one line of each order
BY_LISTING, BY_PUSH, BY_ACT = "listing", "push", "act"
WAYS: Final[dict[str, tuple[str, ...]]] = {
    BY_LISTING: COMPARED,
    BY_PUSH: ("address_mismatch", "duplicate", "oversell_attempt", "sku_mismatch"),
    BY_ACT: ("backward_state", "clock_skew", "shipped_without_waybill"),
}
"""Which door shows a fault that facts may show as well: the platform's listing says otherwise than
its message, the message itself is wrong, or what people tell of the parcel is.
"""
UNBEGUN: Final = ("address_mismatch", "oversell_attempt", "sku_mismatch")
"""Pushed so, an order has no warehouse that could begin it."""
_PLACES: Final = 30
_TOO_MANY: Final = 1_000_000
_AHEAD_MS: Final = 120_000
_BUILDERS: Final = {
    "taobao": messages_china.taobao_trade,
    "jd": messages_china.jd_order,
    "pdd": messages_china.pdd_order,
}


class Trade(Struct, frozen=True, kw_only=True):
    """One order at its platform: its basket, the fault that it is to be found by, "" for none, and
    through which door. `like` is the ident of the order whose buyer this one is.
    """

    channel: str
    basket: Basket
    fault: str = ""
    way: str = ""
    like: int = 0

    @property
    def is_second(self) -> bool:
        """Tell whether it comes when the others are there: as it repeats one, or takes too much."""
        return self.way == BY_PUSH and self.fault in ("duplicate", "oversell_attempt")

    @property
    def is_stuck(self) -> bool:
        """Tell whether no warehouse begins it, be it that none can."""
        return self.fault == "stuck" or (self.way == BY_PUSH and self.fault in UNBEGUN)

    @property
    def number(self) -> str:
        """The platform's number of it."""
        made = self._make(self.basket)
        if self.channel == "taobao":
            return str(made["trade_fullinfo_get_response"]["trade"]["tid"])
        order = made if self.channel == "jd" else made["order_info_get_response"]["order_info"]
        return str(order["orderId" if self.channel == "jd" else "order_sn"])

    @property
    def key(self) -> str:
        """Under which the hub knows it."""
        return f"{self.channel}/{SHOPS[self.channel]}/{self.number}"

    def body(self) -> bytes:
        """Give the platform's message as it is pushed."""
        return msgspec.json.encode(self._make(self._pushed()))

    def listed_body(self) -> bytes:
        """Give the order as the platform lists it."""
        if self.way != BY_LISTING:
            return self.body()
        made = self._make(_LISTINGS.get(self.fault, _as_it_is)(self.basket))
        if self.fault == "illegal_transition":
            _close(self.channel, made)
        return msgspec.json.encode(made)

    def subject(self, id_: uuid.UUID) -> str:
        """Give what a finding about it is known by."""
        if self.way == BY_LISTING:
            return id_.hex + LISTED
        of_parcel = ("backward_state", "shipped_without_waybill")
        return f"{id_.hex}/1" if self.fault in of_parcel else id_.hex

    def acts(self, at_ms: int) -> list[Command]:
        """Give what is done with it in the end: most are begun by their warehouse."""
        if self.is_stuck:
            return []
        if self.fault == "clock_skew":
            at_ms += _AHEAD_MS
        begun = [Command(event=e, occurred_ms=at_ms, by="faults") for e in ("release", "pick")]
        if self.fault not in ("backward_state", "shipped_without_waybill"):
            return begun
        waybill = f"W{self.basket.ident}" if self.fault == "backward_state" else ""
        gone = Command(event="ship", occurred_ms=at_ms, carrier="C1", waybill=waybill, by="faults")
        there = Command(event="deliver", occurred_ms=at_ms - 1_000, by="faults")
        begun += [Command(event="pack", occurred_ms=at_ms, by="faults"), gone]
        return [*begun, there] if waybill else begun

    def _pushed(self) -> Basket:
        return (
            _PUSHES.get(self.fault, _as_it_is)(self.basket) if self.way == BY_PUSH else self.basket
        )

    def _make(self, basket: Basket) -> Any:
        chance = random.Random(f"{self.channel}/{self.like or basket.ident}")
        return _BUILDERS[self.channel](chance, basket)


def draw(chance: random.Random, ident: int, at_ms: int) -> Basket:
    """Draw an order of one line that is paid; its money can be cut in as many units and one."""
    places = _places()
    place, index = chance.choice(places), chance.randrange(len(SKUS))
    price = chance.randint(500, 3_000) * (UNITS + 1)
    entry = Entry(index=index, sku=SKUS[index], quantity=UNITS, price=price)
    return Basket(
        ident=ident, entries=(entry,), postage=0, created_ms=at_ms - 60_000,
        paid_ms=at_ms - 30_000, name="张示例", phone_tail=f"{ident % 10_000:04d}", note="",
        street=f"示例路{ident % 100_000}号", place=place, county=_county(place), abroad=ABROAD[0],
    )  # fmt: skip


def _close(channel: str, made: Any) -> None:
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


def _as_it_is(basket: Basket) -> Basket:
    return basket


def _other_units(basket: Basket) -> Basket:
    """More units for the same money."""
    (entry,) = basket.entries
    other = replace(entry, quantity=UNITS + 1, price=entry.price * UNITS // (UNITS + 1))
    return replace(basket, entries=(other,))


def _other_amount(basket: Basket) -> Basket:
    (entry,) = basket.entries
    return replace(basket, entries=(replace(entry, price=entry.price + 1),))


def _other_sku(basket: Basket) -> Basket:
    (entry,) = basket.entries
    index = (entry.index + 1) % len(SKUS)
    return replace(basket, entries=(replace(entry, index=index, sku=SKUS[index]),))


def _other_place(basket: Basket) -> Basket:
    places = [place for place in _places() if place.province != basket.place.province]
    place = places[basket.ident % len(places)]
    return replace(basket, place=place, county=_county(place))


def _no_sku(basket: Basket) -> Basket:
    (entry,) = basket.entries
    return replace(basket, entries=(replace(entry, sku=replace(entry.sku, code="NO-SUCH")),))


def _nowhere(basket: Basket) -> Basket:
    place = replace(
        basket.place, code="990000", name="无此市", province="无此省", province_short="无此"
    )
    return replace(basket, place=place, county="无此区")


def _too_many(basket: Basket) -> Basket:
    (entry,) = basket.entries
    return replace(basket, entries=(replace(entry, quantity=_TOO_MANY, price=3),))


_LISTINGS: Final[dict[str, Callable[[Basket], Basket]]] = {
    "quantity_mismatch": _other_units,
    "amount_mismatch": _other_amount,
    "sku_mismatch": _other_sku,
    "address_mismatch": _other_place,
}
_PUSHES: Final[dict[str, Callable[[Basket], Basket]]] = {
    "sku_mismatch": _no_sku,
    "address_mismatch": _nowhere,
    "oversell_attempt": _too_many,
}


def _places() -> list[Place]:
    codes = {region.code for region in merchant.regions()[:_PLACES]}
    return [place for place in Gazetteer.load().places if place.code in codes]


def _county(place: Place) -> str:
    counties = Gazetteer.load().counties(place.code)
    return counties[0] if counties else ""
