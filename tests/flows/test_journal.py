"""The journal: entries by key once, numbers without gaps, sums by day; made from facts, and made
again the same.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import facts as orders
from danshu.capabilities.orders.model import Line, RefundShare, Share
from danshu.capabilities.orders.refund_facts import RefundPaid
from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.mapping import Policy
from danshu.capabilities.settlement.periods import Calendar
from danshu.hub import journal_room, journal_views, periods, posting, settlement_settings
from danshu.hub.journal_audit import JournalFolder
from danshu.hub.posting import Entry, Posting
from danshu.hub.settlement_settings import SettlementRules
from danshu.kernel import fact
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, Actor, Said, rfc3339
from danshu.ledger import write
from danshu.ledger.audit import fold_rows
from danshu.ledger.follow import Follower, read_beside
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import (
    ACTOR,
    NOW_MS,
    Connection,
    drain,
    make_tenant,
    new_stream,
    query,
)

pytestmark = pytest.mark.anyio
DAY = datetime.date(2026, 11, 21)
SEPTEMBER = datetime.date(2026, 9, 30)
ORDER = uuid.UUID("019aa9d3-6b80-7000-8000-000000000002")


def fee(key: str, amount: int = 300, day: datetime.date = DAY) -> Entry:
    return Entry(
        key=key,
        date=day,
        currency="CNY",
        postings=(
            Posting(account=a.PLATFORM_FEES, debit=amount, channel="taobao", shop="旗舰店"),
            Posting(account=a.PLATFORM, credit=amount, channel="taobao", order=ORDER),
        ),
        source="bill",
        cause="bill/1\t2",
    )


async def test_an_entry_is_entered_once_and_reversed_once(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        tenant = await make_tenant(connection, "a")
        async with connection.transaction():
            posted = await posting.post(connection, tenant, [fee("b/1"), fee("b/2", 5)])
            assert (posted.entered, posted.known) == (2, 0)
        async with connection.transaction():
            posted = await posting.post(connection, tenant, [fee("b/2", 5), fee("b/3")])
            assert (posted.entered, posted.known) == (1, 1)
        (read,) = await posting.read_entries(connection, tenant, ["b/1"])
        assert read == fee("b/1")
        for entered in (1, 0):
            async with connection.transaction():
                posted = await posting.reverse(connection, tenant, ["b/1"], DAY, "wrong file")
                assert posted.entered == entered
        rows = await query(connection, "select word, no from journal order by no")
        assert rows == [(2, 1), (2, 2), (2, 3), (2, 4)]
        assert await sums(connection) == [
            (a.PLATFORM, "taobao", "", 300, 605),
            (a.PLATFORM_FEES, "taobao", "旗舰店", 605, 300),
        ]


async def sums(connection: Connection) -> list[tuple[object, ...]]:
    return await query(
        connection, "select account, channel, shop, debit, credit from journal_days order by 1, 2"
    )


async def test_rules_hold_from_a_day_on_and_a_calendar_until_the_first_close(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        tenant = await make_tenant(connection, "a")
        shop = Shop(connection, tenant)

        async def put(since: datetime.date, **more: Any) -> str:
            rules = SettlementRules(since=since, **more)
            done = await settlement_settings.put(connection, tenant, rules, ONE, NOW_MS)
            return getattr(done, "code", "")

        today = Calendar().day(NOW_MS)
        tomorrow = today + datetime.timedelta(days=1)
        assert await put(tomorrow, revenue="delivery") == ""
        early, late = await shop.place(), await shop.place(at_ms=NOW_MS + 86_400_000)
        for stream in (early, late):
            await shop.say(stream, moved(orders.OrderShipped, 3), at_ms=NOW_MS + 2 * 86_400_000)
        await shop.say(late, moved(orders.OrderDelivered, 3), at_ms=NOW_MS + 3 * 86_400_000)
        await shop.say(early, moved(orders.OrderDelivered, 3), at_ms=NOW_MS + 3 * 86_400_000)
        await shop.follow()
        earned = [r[5] for r in await shop.rows() if r[5] != "order.paid"]
        assert sorted(earned) == ["order.delivered", "order.shipped"]
        assert await shop.balances() == {a.PLATFORM: 3000, a.SALES: -3000}
        assert await put(today) == "too_early"
        # periods from the 22nd on: all is entered again
        assert await put(tomorrow, revenue="delivery", begins=22) == ""
        assert await shop.rows() == []
        await shop.follow()
        assert {(r[0], r[3].day) for r in await shop.rows()} == {
            (202609, 21), (202610, 22), (202610, 23), (202610, 24),
        }  # fmt: skip
        async with connection.transaction():
            await posting.post(connection, tenant, [fee("b/1")])
        assert await put(tomorrow, begins=5) == "calendar_stands"
        with pytest.raises(InputError):
            await put(tomorrow, zone="Mars/Olympus")


async def test_numbers_have_no_gaps_whoever_enters_at_once(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        tenant = await make_tenant(connection, "a")

        async def enter(who: int) -> None:
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as own:
                for n in range(4):
                    # the second of each is given up again: its number goes to the next
                    async with own.transaction(force_rollback=n == 1):
                        keys = [f"c/{who}/{n}/{k}" for k in range(3)]
                        await posting.post(own, tenant, [fee(key) for key in (*keys, "b/1")])

        await asyncio.gather(*[enter(who) for who in range(3)])
        numbers = await query(connection, "select no from journal order by no")
        assert [no for (no,) in numbers] == list(range(1, 3 * 3 * 3 + 2))


async def test_what_breaks_in_the_middle_leaves_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        shop = Shop(connection, await make_tenant(connection, "a"))
        await shop.place()
        await drain(shop.sequencer, connection)

        async def die(*_: Any) -> None:
            raise RuntimeError("killed")

        follower = Follower(journal_room.ROOM, journal_room.follow, read=read_beside)
        with monkeypatch.context() as broken:
            broken.setattr(posting, "_add_days", die)
            assert await follower.step(connection, NOW_MS) == 1  # order.placed makes no entry
        assert await shop.rows() == []
        assert follower.troubles
        await shop.follow()
        assert await shop.balances() == {a.PLATFORM: 1500, a.PREPAID: -1500}
        assert await shop.audit() == []


@pytest.mark.parametrize(
    ("postings", "code"),
    [
        ((Posting(account=a.BANK, debit=1),), "postings"),
        ((Posting(account=a.BANK, debit=2), Posting(account=a.SALES, credit=1)), "unbalanced"),
        ((Posting(account=7, debit=2), Posting(account=a.SALES, credit=2)), "unknown_account"),
        ((Posting(account=a.BANK, debit=-2), Posting(account=a.SALES, debit=2)), "amount"),
        ((Posting(account=a.BANK), Posting(account=a.SALES)), "side"),
    ],
)
def test_what_is_no_entry_is_refused(postings: tuple[Posting, ...], code: str) -> None:
    with pytest.raises(InputError) as refused:
        journal.check(postings)
    assert refused.value.code == code


class Shop:
    """Says facts of orders and lets the room follow them."""

    def __init__(self, connection: Connection, tenant: int) -> None:
        self.connection, self.tenant = connection, tenant
        self.ends: dict[uuid.UUID, tuple[int, bytes]] = {}
        self.sequencer = Sequencer()

    async def say(self, stream: uuid.UUID, *datas: Struct, at_ms: int = NOW_MS) -> None:
        """Commit facts of one stream together, recorded and occurred at an instant."""
        seq, head = self.ends.get(stream, (0, NO_HEAD))
        packed = fact.pack(
            [Said(data=d) for d in datas],
            stream=stream, seq=seq, head=head, actor=ACTOR, now_ms=at_ms, tenant=self.tenant,
        )  # fmt: skip
        self.ends[stream] = (seq + packed.count, packed.head)
        await write.commit(self.connection, [write.facts([self.tenant], [packed])])

    async def place(self, *more: Struct, at_ms: int = NOW_MS) -> uuid.UUID:
        """An order of 3 pieces for 10.00 and postage of 5.00, paid at once."""
        stream = new_stream(at_ms)
        await self.say(stream, PLACED, orders.OrderPaid(amount=1500, at=rfc3339(at_ms)), *more,
                       at_ms=at_ms)  # fmt: skip
        return stream

    async def follow(self, leaves_max: int = 1000) -> None:
        """Sequence what was said and let the room read it to its end."""
        await drain(self.sequencer, self.connection)
        follower = Follower(
            journal_room.ROOM, journal_room.follow, leaves_max=leaves_max, read=read_beside
        )
        while await follower.step(self.connection, NOW_MS):
            pass
        assert not follower.troubles

    async def rows(self) -> list[tuple[Any, ...]]:
        return await query(
            self.connection,
            "select j.period, j.word, j.no, j.day, j.belongs, j.source, j.key, f.accounts,"
            " j.amounts from journal j join journal_forms f using (tenant, form)"
            " where tenant=%s order by 1, 2, 3",
            self.tenant,
        )

    async def audit(self) -> list[str]:
        """Codes of what the audit finds wrong."""
        folder = JournalFolder(self.tenant, Policy())
        report = await fold_rows(self.connection, self.tenant, [folder])
        return sorted(one.code for one in report.differences)

    async def balances(self) -> dict[int, int]:
        """Balance of each account that has one, debits positive."""
        rows = await query(
            self.connection,
            "select account, sum(debit-credit)::int8 from journal_days where tenant=%s"
            " group by 1 having sum(debit-credit) <> 0",
            self.tenant,
        )
        return dict(rows)


PLACED = orders.OrderPlaced(
    channel="taobao", shop="旗舰店", created=rfc3339(NOW_MS), currency="CNY", discount=0,
    goods=1000, key="k", lines=(Line(no=1, sku="A", quantity=3, price=334, paid=1000),),
    number="1", postage=500, region="310000", total=1500,
)  # fmt: skip


def moved(kind: type[orders.OfFulfilment], units: int) -> orders.OfFulfilment:
    return kind(fulfilment=1, warehouse="X", shares=(Share(line=1, sku="A", quantity=units),))


async def test_facts_become_entries_and_become_them_again(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        shop = Shop(connection, await make_tenant(connection, "a"))
        one = await shop.place()
        two = await shop.place(orders.OrderConfirmed(by="x"))
        await shop.say(two, orders.OrderCancelled(
            reason="buyer", shares=(Share(line=1, sku="A", quantity=3),)))  # fmt: skip
        await shop.follow()
        assert await shop.balances() == {a.PLATFORM: 3000, a.PREPAID: -1500, a.REFUNDS: -1500}
        async with connection.transaction():
            await posting.post(connection, shop.tenant, [fee("b/1")])
        await shop.say(one, moved(orders.OrderShipped, 2))
        await shop.say(two, RefundPaid(amount=1500, case="", over=1500, reason="r", receipt="p"))
        await shop.say(one, moved(orders.OrderShipped, 1), moved(orders.OrderDelivered, 2))
        back = RefundShare(amount=334, line=1, quantity=1)
        await shop.say(
            one, RefundPaid(amount=334, case="", reason="r", receipt="p", shares=(back,))
        )
        await shop.follow(leaves_max=2)
        told = await shop.balances()
        assert told == {
            a.PLATFORM: 3000 - 300 - 1500 - 334,
            a.PLATFORM_FEES: 300,
            a.SALES: -1500,
            a.RETURNS: 334,
        }
        made = await shop.rows()
        assert [(no, source) for _, word, no, _, _, source, *_ in made if word == 1] == [
            (1, "order.paid"), (2, "order.paid"), (3, "order.cancelled"), (4, "order.shipped"),
            (5, "refund.paid"), (6, "order.shipped"), (7, "refund.paid"),
        ]  # fmt: skip
        assert await shop.audit() == []
        await shop.say(one, RefundPaid(amount=1, case="", reason="r", receipt="p"))
        assert await shop.audit() == []  # what the room has not read yet owes no entry
        await journal_room.rebuild(connection, shop.tenant)
        assert await shop.balances() == {a.PLATFORM: -300, a.PLATFORM_FEES: 300}
        await shop.follow(leaves_max=3)
        again = await shop.rows()
        more = again.pop(-2)
        assert again == made
        assert (more[5], more[7], more[8]) == ("refund.paid", [a.RETURNS, a.PLATFORM], [1, -1])
        await connection.execute("update journal set amounts='{-1,1}' where no=5 and word=1")
        await connection.execute("delete from journal where no=4 and word=1")
        await posting.post(connection, shop.tenant, [fee("bill/9")])  # of no bill
        assert await shop.audit() == [
            "bill_differs", "entry_differs", "entry_missing", "number_differs",
            *["sum_differs"] * 4,
        ]  # fmt: skip


ONE = Actor(sub="person:1", role="finance")
TWO = Actor(sub="person:2", role="finance")
OVER_MS = NOW_MS + 30 * 86_400_000  # October
PERIOD = 202609


async def test_a_period_closes_stays_closed_and_is_opened_by_two(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        tenant = await make_tenant(connection, "a")
        shop = Shop(connection, tenant)
        first = await shop.place()
        await shop.follow()
        await shop.place()

        async def close(now_ms: int = OVER_MS, number: int = PERIOD, **why: str) -> Any:
            return await periods.close(connection, tenant, number, why, ONE, now_ms)

        assert (await close(NOW_MS)).code == "check_ended"
        await drain(shop.sequencer, connection)
        assert (await close()).code == "check_read"
        await shop.follow()
        odd = (Posting(account=a.BANK, debit=7), Posting(account=a.SUSPENSE, credit=7))
        async with connection.transaction():
            told = replace(fee("b/1", day=SEPTEMBER), postings=odd)
            await posting.post(connection, tenant, [told])
        assert (await close()).code == "check_suspense"
        # what is said after its end does not keep it open, whether the log has it or not
        await shop.say(first, orders.OrderConfirmed(by="x"), at_ms=OVER_MS)
        assert (await close()).code == "check_suspense"
        await drain(shop.sequencer, connection)
        closed = await close(suspense="银行回单下月到")
        assert closed.closed
        assert [(e.kind, e.explained[0].reason) for e in closed.events] == [
            ("closed", "银行回单下月到")
        ]
        assert (await close()).code == "closed"
        october = datetime.date(2026, 10, 31)
        before = await journal_views.read_trial(connection, tenant, Calendar(), october)
        assert {b.account: (b.opening, b.closing) for b in before} == {
            a.PLATFORM: (3000, 3000), a.PREPAID: (-3000, -3000), a.BANK: (7, 7),
            a.SUSPENSE: (-7, -7),
        }  # fmt: skip

        # what comes late is entered in the open period, and says so
        await shop.say(first, moved(orders.OrderShipped, 3))
        await shop.follow()
        (late,) = [r for r in await shop.rows() if r[5] == "order.shipped"]
        assert (late[0], late[3], late[4]) == (202610, datetime.date(2026, 10, 1), PERIOD)

        ask: Any = await periods.ask(connection, tenant, PERIOD, "少记一笔", ONE, OVER_MS)
        assert ask.ask.reason == "少记一笔"
        key = Actor(sub="key:9")
        for who, code in ((ONE, "same_person"), (key, "persons_only")):
            refused: Any = await periods.answer(connection, tenant, PERIOD, who, OVER_MS)
            assert refused.code == code
        assert (await close(number=202610)).code == "check_ended"
        opened: Any = await periods.answer(connection, tenant, PERIOD, TWO, OVER_MS)
        assert not opened.closed
        assert [(e.kind, e.by, e.first) for e in opened.events] == [
            ("closed", "person:1", ""), ("reopened", "person:2", "person:1"),
        ]  # fmt: skip
        await shop.place()
        await shop.follow()
        made = await shop.rows()
        assert [(r[0], r[2], r[4]) for r in made if r[1] == 1] == [
            (PERIOD, 1, 0), (PERIOD, 2, 0), (PERIOD, 3, 0), (202610, 1, PERIOD),
        ]  # fmt: skip
        again: Any = await close(suspense="银行回单下月到")
        assert again.closed
        declined: Any = await periods.ask(connection, tenant, PERIOD, "再开", ONE, OVER_MS)
        declined = await periods.answer(connection, tenant, PERIOD, ONE, OVER_MS, "不必")
        assert (declined.closed, declined.ask, len(declined.events)) == (True, None, 3)
        await made_again_and_touched(shop, made)


async def made_again_and_touched(shop: Shop, made: list[tuple[Any, ...]]) -> None:
    """Closed again, the journal comes out the same; what is touched then is found."""
    connection, tenant = shop.connection, shop.tenant
    await journal_room.rebuild(connection, tenant)
    await shop.follow()
    assert await shop.rows() == made
    assert await shop.audit() == []
    await connection.execute("update period_balances set debit=debit+1")
    await connection.execute("delete from period_events where no=2")
    assert await shop.audit() == ["period_differs", "row_differs"]
