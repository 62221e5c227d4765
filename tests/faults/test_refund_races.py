"""Money from several sides: two hubs refund, cancel and ship one order; nothing is paid twice, and
nothing that was never paid.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from danshu.capabilities.after_sales.model import CaseLine
from danshu.capabilities.orders import refunding
from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.capabilities.orders.commands import Command
from danshu.hub import (
    acts,
    after_sales,
    after_sales_opening,
    after_sales_rows,
    amending,
    intake,
    refunds_room,
    remedies,
)
from danshu.hub.after_sales import Doing, Verdict
from danshu.hub.after_sales_audit import AfterSalesFolder
from danshu.hub.after_sales_pleas import Plea
from danshu.hub.after_sales_rows import Row
from danshu.hub.changes import Change, Held
from danshu.hub.compose import Hub
from danshu.hub.world import World
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import DanshuError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import PAYOUT_RETRY_MAX_S
from danshu.ledger import write
from danshu.ledger.fold import fold_rows
from danshu.ports.channel import Draft, DraftKind
from danshu.testing import payouts
from tests.faults import shop
from tests.faults.test_stock_races import now_ms

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
ORDERS = 4


async def case(hub: Hub, tenant: int, order: uuid.UUID, sku: str, units: int) -> Row | Refusal:
    world = await hub.worlds.ensure(tenant)
    plea = Plea(
        kind="refund_only",
        reason="other",
        origin="person",
        lines=(CaseLine(line=1, quantity=units, sku=sku),),
    )
    async with hub.connection() as c:
        return await after_sales_opening.make(c, world, order, shop.TESTER, plea, now_ms())


async def agree(hub: Hub, tenant: int, row: Row) -> Row | Refusal:
    """Agree to what a case asks for, whatever else happens to its order; the amount as opened."""
    verdict = Verdict(amount=row.case.sum.amount)

    async def deed(doing: Doing) -> Row | Refusal:
        return await after_sales.decide(doing, "agree", verdict)

    for _ in range(8):
        world = await hub.worlds.ensure(tenant)
        try:
            async with hub.connection() as c:
                return await after_sales.run(c, world, row.id, shop.TESTER, now_ms(), deed)
        except write.GuardFailed:
            hub.worlds.distrust({tenant})
    raise AssertionError("the order changes too fast")


async def act(hub: Hub, tenant: int, order: uuid.UUID, *events: str) -> None:
    for event in events:
        told = Command(event=event, carrier="SF", waybill="1" if event == "ship" else "")
        try:
            await hub.act(tenant, order, told, shop.TESTER)
        except DanshuError:
            return


async def less(hub: Hub, tenant: int, order: uuid.UUID) -> None:
    """Amend the order to one unit less; what was overpaid is owed."""
    wish = Wish(by="tests", reason="tests", lines=(LineWish(line=1, quantity=2),))

    def decide(world: World, held: Held, at_ms: int) -> Change | Refusal:
        return amending.amend(world, held, wish, (), at_ms)

    with contextlib.suppress(DanshuError):
        await hub.change(tenant, order, decide, shop.TESTER)


async def pay(url: str, at_ms: int) -> None:
    """Two workers pay whatever is due, at once."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        await refunds_room.REFUNDS.run_due(c, Worlds(url), at_ms)


async def test_refund_refund_cancel_and_ship_at_once(database: str) -> None:
    """Of one order: a refund of all, twice, a cancellation, an amendment and a dispatch, from two
    hubs.
    """
    tenant = await shop.furnish(database, shop.everywhere(100))
    sku = shop.CODES[0]
    with payouts.serve() as payer:
        async with shop.open_hubs(database, database) as hubs:
            async with hubs[0].connection() as c:
                wanted = remedies.Settings(adapter="payouts", url=payer.url, secret=payouts.SECRET)
                await remedies.configure(c, tenant, shop.TESTER, wanted)

            async def life(n: int) -> uuid.UUID:
                (placed,) = shop.answers(
                    await hubs[n % 2].place([shop.request(tenant, f"r{n}", (sku, 3))])
                )
                first = await case(hubs[0], tenant, placed.order, sku, 3)
                assert isinstance(first, Row)
                await asyncio.gather(
                    agree(hubs[0], tenant, first),
                    agree(hubs[1], tenant, first),
                    act(hubs[n % 2], tenant, placed.order, "release", "pick", "pack", "ship"),
                    act(hubs[(n + 1) % 2], tenant, placed.order, "cancel"),
                    less(hubs[n % 2], tenant, placed.order),
                    return_exceptions=False,
                )
                return placed.order

            orders = await asyncio.gather(*(life(n) for n in range(ORDERS)))
            # what the cancellations owe is agreed to twice at once as well
            rows = await shop.query(
                database,
                "select id, oid from after_sales where state='asked' and tenant=%s",
                tenant,
            )
            for id_, _ in rows:
                async with hubs[0].connection() as c:
                    row = await after_sales_rows.read(c, tenant, id_)
                await asyncio.gather(*(agree(hub, tenant, row) for hub in hubs))
            payer.trouble = [503]  # not paid: it is asked again
            payer.break_after = 2  # paid, and the answer is lost
            for turn in range(4):
                at_ms = now_ms() + turn * 2 * PAYOUT_RETRY_MAX_S * 1000
                await asyncio.gather(pay(database, at_ms), pay(database, at_ms))
            for order in orders:
                async with hubs[0].connection() as c:
                    world = await hubs[0].worlds.ensure(tenant)
                    held = await acts.hold(c, world, order, locked=False)
                assert held is not None
                money = refunding.money(held.order)
                assert 0 <= held.order.refunded <= held.order.paid
                assert not held.order.reserves
                if held.order.cancelled:  # all of it went back, once
                    assert held.order.refunded == held.order.paid
                assert money.left == held.order.paid - held.order.refunded
                assert all(n.refunded_units <= n.units for n in money.lines)
    cases = await shop.query(
        database, "select id::text, amount from after_sales where state='closed' and amount > 0"
    )
    paid = {key.removeprefix("danshu-case-"): p.amount for key, p in payer.payments.items()}
    assert paid == dict(cases)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
        report = await fold_rows(c, tenant, [AfterSalesFolder(tenant)])
    assert list(report.differences) == []
    await shop.must_be_true(database, tenant, ORDERS, now_ms())


async def test_what_platforms_say_opens_cases_once(database: str) -> None:
    """A return message, a refund that is asked for, a cancellation that the platform has paid."""
    tenant = await shop.furnish(database, shop.everywhere(100))
    sku = shop.CODES[0]
    by = Actor(sub="channel:taobao", role="channel", key="a", grade="D")
    async with shop.open_hubs(database) as (hub,):

        async def take(*drafts: Draft) -> None:
            for _ in range(2):  # platforms say everything twice
                told = [(d, msgspec.json.encode(d)) for d in drafts]
                assert not intake.failed(await intake.take_drafts(hub, tenant, told, by))

        async def cases(number: str) -> list[tuple[Any, ...]]:
            return await shop.query(
                database,
                "select kind, state, origin, amount from after_sales where number=%s order by id",
                number,
            )

        first = shop.draft("p1", [(sku, 2)])
        await take(first, shop.draft("p2", [(sku, 1)]), shop.draft("p3", [(sku, 3)]))
        ((order,),) = await shop.query(database, "select id from orders where okey='taobao//p1'")
        await act(hub, tenant, order, "release", "pick", "pack", "ship")
        back = replace(
            shop.draft("back-1", [(sku, 1)]), kind=DraftKind.RETURN, of_number="p1", paid_ms=0
        )
        await take(back)
        assert await cases("p1") == [("return", "asked", "platform", 100)]
        await take(replace(shop.draft("p2", [(sku, 1)]), hold="refund_requested"))
        assert await cases("p2") == [("refund_only", "asked", "platform", 100)]
        # the money is back already, and the parcel on its way: written down, and asked back, once
        await take(shop.draft("p4", [(sku, 2)]))
        ((order,),) = await shop.query(database, "select id from orders where okey='taobao//p4'")
        await act(hub, tenant, order, "release", "pick", "pack", "ship")
        await take(replace(shop.draft("p4", [(sku, 2)]), status="2", refund="paid"))
        assert await cases("p4") == [("refund_only", "closed", "platform", 200)]
        async with hub.connection() as c:
            held = await acts.hold(c, await hub.worlds.ensure(tenant), order, locked=False)
        assert held is not None
        assert held.order.refunded == 200
        (parcel,) = held.order.fulfilments
        assert parcel.intercept is not None
        assert (parcel.intercept.state, parcel.intercept.reason) == ("asked", "refunded")
        await take(replace(shop.draft("p2", [(sku, 1)]), status="2", refund="paid"))
        assert await cases("p2") == [("refund_only", "closed", "platform", 100)]  # as it had asked
        await take(replace(shop.draft("p3", [(sku, 3)]), kind=DraftKind.CANCEL, status="CLOSED"))
        assert await cases("p3") == [("refund_only", "closed", "cancelled", 300)]
        ((order,),) = await shop.query(database, "select id from orders where okey='taobao//p3'")
        async with hub.connection() as c:
            held = await acts.hold(c, await hub.worlds.ensure(tenant), order, locked=False)
        assert held is not None
        assert held.order.refunded == 300
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
        report = await fold_rows(c, tenant, [AfterSalesFolder(tenant)])
    assert list(report.differences) == []
    await shop.must_be_true(database, tenant, 5, now_ms())
