"""Parcels from several clients of two nodes: pick, ship, short pick, split, merge, cancel, stop and
loss of the same orders at once. Whoever wins, no state is impossible and no unit is lost.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Coroutine
from typing import Any

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from danshu.capabilities.order_types import reading
from danshu.capabilities.order_types.model import TypeScope
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.model import Order
from danshu.hub import merging, order_types, parcel_acts, parcels, replies
from danshu.hub.compose import Hub
from danshu.hub.merging_rows import project
from danshu.hub.requests import Request
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

ORDERS = 9
LIVE = ("allocated", "released", "picked", "packed", "shipped", "delivered")
decode = msgspec.json.Decoder(Order).decode


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def buy(tenant: int, n: int) -> Request:
    """An order of two SKUs to the receiver that every third one has."""
    made = shop.request(tenant, f"n{n}", (shop.CODES[0], 3), (shop.CODES[1], 2))
    to = replace(
        made.draft.receiver, name=f"收件{n % 3}", phone="13900001234", detail="示例路 1 号"
    )
    draft = replace(made.draft, receiver=to)
    return msgspec.structs.replace(made, draft=draft, raw=msgspec.json.encode(draft))


class Floor:
    """What the clients do; a no of any kind is an answer, and counted."""

    def __init__(self, hubs: list[Hub], tenant: int, orders: list[uuid.UUID]) -> None:
        self.hubs, self.tenant, self.orders = hubs, tenant, orders
        self.told: Counter[str] = Counter()
        self.groups: list[uuid.UUID] = []

    async def ask(self, name: str, deed: Awaitable[Any]) -> Any:
        try:
            told = await deed
        except (InputError, NotAvailable) as error:
            told = Refusal(code=error.code, reason="", reason_en="")
        self.told[f"{name} {told.code if isinstance(told, Refusal) else 'done'}"] += 1
        return told

    async def act(self, n: int, event: str, **more: Any) -> None:
        hub, told = self.hubs[n % 2], Command(event=event, reason="r", **more)
        id_ = self.orders[n % ORDERS]
        await self.ask(event, hub.act(self.tenant, id_, told, shop.TESTER))

    async def change(self, n: int, name: str, decide: Any) -> None:
        deed = self.hubs[n % 2].change(self.tenant, self.orders[n % ORDERS], decide, shop.TESTER)
        await self.ask(name, deed)

    async def again(self, n: int, name: str, do: Any) -> Any:
        hub = self.hubs[n % 2]

        async def deed(connection: replies.Connection) -> Any:
            return await do(connection, await hub.worlds.ensure(self.tenant))

        return await self.ask(name, replies.again(hub, self.tenant, deed))

    async def short(self, n: int) -> None:
        found = {shop.CODES[0]: n % 3}
        await self.again(
            n,
            "short",
            lambda c, w: parcel_acts.pick_short(
                c, w, self.orders[n % ORDERS], 1, found, shop.TESTER, now_ms()
            ),
        )

    async def merge(self, n: int) -> Any:
        """Merge three orders of one receiver."""
        places = [(self.orders[(n + 3 * i) % ORDERS], 1) for i in range(3)]
        group = await self.again(
            n, "merge", lambda c, w: merging.merge(c, w, places, shop.TESTER, now_ms())
        )
        if isinstance(group, uuid.UUID):
            self.groups.append(group)

    async def together(self, n: int) -> None:
        """Take a merged parcel on its way, or apart."""
        if not self.groups:
            return
        group = self.groups[n % len(self.groups)]
        event = ("pick", "pack", "ship", "recall")[n % 4]
        told = Command(event=event, carrier="yt", waybill=f"YT{n}")
        await self.again(
            n,
            f"all {event}",
            lambda c, w: merging.act_together(c, w, group, told, shop.TESTER, now_ms()),
        )
        if n % 5 == 0:
            await self.again(
                n, "unmerge", lambda c, w: merging.unmerge(c, w, group, shop.TESTER, now_ms())
            )

    def clients(self, n: int) -> list[Coroutine[Any, Any, None]]:
        """What happens to order n from all sides at once."""
        answer = ("stopped", "too_late")[n % 2]
        deeds = [
            self.merge(n),
            self.act(n, "pick"),
            self.together(n),
            self.short(n),
            self.act(n, "pack"),
            self.change(n, "split", parcels.split(1, [{1: 1}])),
            self.act(n, "cancel" if n % 3 == 0 else "pick"),
            self.act(n, "ship", carrier="yt", waybill=f"Y{n}"),
            self.change(n, "answer", parcels.answer(1, answer, "t")),
            self.together(n + 1),
            self.act(n, "lose", fulfilment=1),
            self.change(n, "reship", parcels.reship(1, {}, "lost")),
        ]
        turn = n % 4  # what comes early for one comes late for another
        return deeds[turn:] + deeds[:turn]


def check(order: Order) -> None:
    """No counter says what the parcels do not, and none of it is impossible."""
    for line in order.lines:
        held = dict.fromkeys(LIVE, 0)
        for f in order.fulfilments:
            gone = {s.line: s.quantity for s in f.sent_again}.get(line.no, 0)
            here = sum(s.quantity for s in f.shares if s.line == line.no) - gone
            at = "shipped" if f.state in ("lost", "refused", "returned") else f.state
            for each in LIVE[: LIVE.index(at) + 1] if at in LIVE else ():
                held[each] += here
        assert {s: getattr(line, s) for s in LIVE} == held
        assert 0 <= line.cancelled <= line.quantity - line.allocated


async def sell_ahead(url: str, tenant: int) -> None:
    """Let every order follow a type of presale that is paid whole."""
    kind = next(t for t in reading.templates() if t.type == "paid_presale")
    kind = replace(kind, scope=TypeScope(channels=("taobao",)))
    async with await psycopg.AsyncConnection.connect(url) as c:
        await order_types.publish(c, tenant, kind, "person:1", shop.TESTER)


async def test_parcels_from_all_sides_at_once(database: str) -> None:
    tenant = await shop.furnish(database, shop.everywhere(40))
    await sell_ahead(database, tenant)
    async with shop.open_hubs(database, database) as hubs:
        placed = shop.answers(await hubs[0].place([buy(tenant, n) for n in range(ORDERS)]))
        floor = Floor(hubs, tenant, [a.order for a in placed])
        await floor.merge(2)
        for n in range(ORDERS):
            await floor.act(n, "release")
        for wave in zip(*(floor.clients(n) for n in range(ORDERS)), strict=True):
            await asyncio.gather(*wave)
        world = await hubs[0].worlds.ensure(tenant)
    assert floor.groups
    rows = await shop.query(database, "select id, doc from orders where tenant=%s", tenant)
    groups: Counter[str] = Counter()
    for _, doc in rows:
        order = decode(bytes(doc))
        check(order)
        groups.update(group for group, *_ in project(world, order))
        # whoever stopped the whole of it, its type has settled its money, once
        ended = order.cancelled and all(n.cancelled == n.quantity for n in order.lines)
        assert order.type == "paid_presale"
        assert (order.owed, order.forfeited) == (order.paid if ended else 0, 0)
    members = await shop.query(database, "select grp::text from parcel_members")
    assert Counter(g for (g,) in members) == groups
    odd = "select 1 from stock where reserved < 0 or reserved > on_hand"
    assert await shop.query(database, odd) == []
    await shop.must_be_true(database, tenant, ORDERS, now_ms())
