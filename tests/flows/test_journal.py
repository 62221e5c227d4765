"""The journal: entries by key once, numbers without gaps, sums by day; made from facts, and made
again the same.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid

import psycopg
import pytest

from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement import journal
from danshu.hub import posting
from danshu.hub.posting import Entry, Posting
from danshu.kernel.errors import InputError
from tests.fixtures.ledger import Connection, make_tenant, query

DAY = datetime.date(2026, 11, 21)
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


def test_an_entry_is_entered_once_and_reversed_once(database: str) -> None:
    asyncio.run(_enter_twice(database))


async def _enter_twice(database: str) -> None:
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
