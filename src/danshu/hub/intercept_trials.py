"""Trials 试算 of intercept sets: the orders of past days seen as they were when they came, with
what had been sold before them, and what became of those that would have been stopped.

Who ordered how often, and what is usual, are those of the moment: a window that moves with the
orders. Lists are those of today.
"""

from __future__ import annotations

import statistics
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.orders.model import Order
from danshu.hub import intercept_people as people
from danshu.hub import intercepts, policy_past
from danshu.hub.intercepts import KNOWN_LINES, Subject
from danshu.kernel.limits import GROUP_ORDERS, INTERCEPT_USUAL_LINES
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.capabilities.routing.policy.intercepting import Interceptor
    from danshu.hub.intercept_figures import Fate, StopFigures

Connection = Any
DAY_MS: Final = 86_400_000
_PAGE: Final = """
select o.id, o.doc, v.person, s.state from orders o
left join vault v on v.tenant=o.tenant and v.id=o.id
left join intercept_stops s on s.tenant=o.tenant and s.id=o.id
where o.tenant=%b and o.id > %b and o.id < %b order by o.id limit %b
"""
_PRICES: Final = "select code, price_fen from skus where tenant=%s"
_BLOCKS: Final = "select kind, who, reason from intercept_blocks where tenant=%s"
_SALT: Final = "select salt from tenants where id=%s"
_STOPPED: Final = """
insert into policy_trial_orders(tenant,trial,id,number,was,becomes,was_fen,becomes_fen,was_late,
becomes_late,rules,held) values(%s,%s,%s,%s,%s,%s,%s,0,0,0,%s,%s) on conflict do nothing
"""
_decode_order: Final = msgspec.json.Decoder(Order).decode
_decode_person: Final = msgspec.json.Decoder(Receiver).decode


class Window:
    """What was known at a place in the past: orders of a day by who, last sales by SKU."""

    def __init__(self) -> None:
        self.at: uuid.UUID | None = None
        self._people: dict[int, deque[int]] = {}
        self._prices: dict[str, deque[int]] = {}
        self._units: dict[str, deque[int]] = {}
        self._usual: dict[str, tuple[int, int]] = {}

    def count(self, who: int, at_ms: int) -> int:
        """Count the orders of somebody in the day before a moment, and one at that moment."""
        times = self._people.get(who)
        while times and times[0] <= at_ms - DAY_MS:
            times.popleft()
        return len(times or ()) + 1

    def usual(self, sku: str) -> tuple[int, int]:
        """Give the median price and units of a SKU's last lines; 0 and 0 where there are few."""
        found = self._usual.get(sku)
        if found is None:
            found = self._usual[sku] = median(self._prices.get(sku, ()), self._units.get(sku, ()))
        return found

    def add(self, order: Order, names: tuple[int, ...], at_ms: int) -> None:
        """Take in an order that came."""
        for who in names:
            if who:
                self._people.setdefault(who, deque()).append(at_ms)
        for line in order.lines:
            if line.known and not line.gift and line.bundle is None:
                prices = self._prices.setdefault(line.sku, deque(maxlen=INTERCEPT_USUAL_LINES))
                units = self._units.setdefault(line.sku, deque(maxlen=INTERCEPT_USUAL_LINES))
                prices.append(intercepts.unit_price(line))
                units.append(line.quantity)
                self._usual.pop(line.sku, None)

    def usuals(self) -> dict[str, tuple[int, int, int]]:
        """Give median price, units and lines of each SKU that has enough of them."""
        return {
            sku: (*self.usual(sku), len(prices))
            for sku, prices in self._prices.items()
            if len(prices) >= KNOWN_LINES
        }


def median(prices: Any, units: Any) -> tuple[int, int]:
    """Give the median of both, rounded down; 0 and 0 for less than KNOWN_LINES."""
    if len(prices) < KNOWN_LINES:
        return 0, 0
    return int(statistics.median_low(prices)), int(statistics.median_low(units))


class Reader:
    """What a trial of one merchant reads beside the orders."""

    def __init__(
        self, salt: bytes, prices: Mapping[str, int], blocks: Mapping[tuple[str, int], str]
    ) -> None:
        self.salt = salt
        self._prices = prices
        self._blocks = blocks
        self._kinds = {kind for kind, _ in blocks}
        self._gazetteer = Gazetteer.load()

    def names(self, order: Order, to: Receiver) -> tuple[int, int]:
        """Give the hashes of who bought and who receives."""
        return (
            people.hash_of(self.salt, "buyer", people.buyer(order.channel, order.buyer)),
            people.hash_of(self.salt, "receiver", people.receiver(order.channel, order.shop, to)),
        )

    def see(
        self, rules: Interceptor, order: Order, to: Receiver, window: Window, at_ms: int
    ) -> list[Any]:
        """See a past order as the rules would have."""
        who, receiver = self.names(order, to)
        return intercepts.see(
            rules.reads,
            Subject(
                order=order,
                receiver=to,
                buyer_n=window.count(who, at_ms) if who else 1,
                receiver_n=window.count(receiver, at_ms) if receiver else 1,
            ),
            at_ms,
            gazetteer=self._gazetteer,
            list_price=lambda sku: self._prices.get(sku, 0),
            usual=window.usual,
            listed=self._listed,
            kinds=self._kinds,
        )

    def _listed(self, kind: str, name: str) -> str:
        return self._blocks.get((kind, people.hash_of(self.salt, kind, name)), "") if name else ""


async def open_reader(connection: Connection, tenant: int) -> Reader:
    """Read list prices and lists of a merchant."""
    cursor = await connection.execute(_PRICES, (tenant,))
    prices = dict(await cursor.fetchall())
    cursor = await connection.execute(_BLOCKS, (tenant,))
    blocks = {(kind, who): reason for kind, who, reason in await cursor.fetchall()}
    row = await (await connection.execute(_SALT, (tenant,))).fetchone()
    return Reader(bytes(row[0]) if row else b"", prices, blocks)


async def read_page(
    connection: Connection, tenant: int, after: uuid.UUID, high: uuid.UUID, most: int
) -> list[tuple[uuid.UUID, Order, Receiver, str]]:
    """Read the next orders of a range: id, order, receiver (empty once erased), what became of its
    stop.
    """
    cursor = await connection.execute(_PAGE, (tenant, after, high, most), binary=True)
    return [
        (
            id_,
            _decode_order(bytes(doc)),
            _decode_person(bytes(person)) if person else Receiver(),
            state or "",
        )
        for id_, doc, person, state in await cursor.fetchall()
    ]


async def warm(connection: Connection, tenant: int, reader: Reader, place: uuid.UUID) -> Window:
    """Make the window of a place: the orders of the day before it."""
    window = Window()
    after = policy_past.place_of((place.int >> 80) - DAY_MS)
    while page := await read_page(connection, tenant, after, place, GROUP_ORDERS):
        for id_, order, to, _ in page:
            window.add(order, reader.names(order, to), id_.int >> 80)
        after = page[-1][0]
    window.at = place
    return window


async def try_page(
    connection: Connection,
    tenant: int,
    trial: uuid.UUID,
    rules: Interceptor,
    reader: Reader,
    window: Window,
    page: list[tuple[uuid.UUID, Order, Receiver, str]],
    figures: StopFigures,
) -> None:
    """Ask the tried set about a page of orders, count them, and write down what it would stop."""
    rows = []
    for id_, order, to, stop in page:
        at_ms = id_.int >> 80
        if order.kind == "order":
            figures.orders += 1
            verdict = rules.judge(reader.see(rules, order, to, window, at_ms))
            if verdict is not None and verdict.effect:
                fate = tell_fate(order, stop)
                figures.add(verdict.effect, verdict.rules, fate, order.total)
                told = (list(verdict.reasons), [fate], order.total, list(verdict.rules))
                rows.append((tenant, trial, id_, order.number, *told, verdict.effect))
            window.add(order, reader.names(order, to), at_ms)
        window.at = id_
    if rows:
        await connection.cursor().executemany(_STOPPED, rows)


def tell_fate(order: Order, stop: str) -> Fate:
    """Tell what became of an order: good where it was received and kept, or let go by a person."""
    if order.cancelled or order.refunded or any(n.returned or n.refunded for n in order.lines):
        return "bad"
    if stop == "released":
        return "good"
    kept = [n for n in order.lines if n.quantity > n.cancelled]
    if order.completed or all(n.delivered >= n.quantity - n.cancelled for n in kept):
        return "good"
    return "open"
