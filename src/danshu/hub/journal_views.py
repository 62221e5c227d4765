"""What is read of the journal: balances as of a day, an account day by day, entries behind them.

A balance is read from the sums that the writer keeps (account x day), from the last closed period
on, so that it costs the same however many entries there are.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.settlement.accounts import CHART
from danshu.capabilities.settlement.journal import Posting
from danshu.capabilities.settlement.trial import Balance
from danshu.hub import posting
from danshu.kernel.errors import InputError
from danshu.kernel.limits import JOURNAL_DAYS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.settlement.periods import Calendar

Connection = psycopg.AsyncConnection[Any]
_EARLIEST: Final = datetime.date(1970, 1, 1)
_BASE: Final = "select max(period) from period_balances where tenant=%s and period < %s"
_CLOSED: Final = (
    "select currency, account, debit, credit from period_balances where tenant=%s and period=%s"
)
_SUMS: Final = """
select d.currency, a.account, coalesce(sum(d.debit) filter (where d.day < %(first)s),0)::int8,
  coalesce(sum(d.credit) filter (where d.day < %(first)s),0)::int8,
  coalesce(sum(d.debit) filter (where d.day >= %(first)s),0)::int8,
  coalesce(sum(d.credit) filter (where d.day >= %(first)s),0)::int8
from unnest(%(accounts)s::int4[]) a(account) join journal_days d on d.tenant=%(tenant)s
  and d.account=a.account and d.day >= %(after)s and d.day <= %(until)s group by 1, 2
"""
_ADDED: Final = """
select currency, account, sum(debit)::int8, sum(credit)::int8 from journal_days
where tenant=%s and day <= %s group by 1, 2
"""
_DAYS: Final = """
select day, currency, channel, shop, debit, credit, n from journal_days
where tenant=%s and account=%s and day >= %s and day <= %s
order by day desc, currency, channel, shop limit %s
"""
_FORMS: Final = "select form from journal_forms where tenant=%s and %s = any(accounts)"
_COLUMNS: Final = (
    "j.period, j.word, j.no, j.day, j.belongs, j.currency, j.source, j.key, j.cause, j.reverses,"
    " f.accounts, j.amounts, j.oid, j.channel, j.shop, j.aux"
)
# Each form is walked by its own stretch of the index; the few newest of each are merged.
_OF_ACCOUNT: Final = f"""
select {_COLUMNS} from unnest(%(forms)s::int2[]) u(form) cross join lateral (
  select * from journal j where j.tenant=%(tenant)s and j.form=u.form and j.day >= %(first)s
    and j.day <= %(until)s and (j.day, j.word, j.no) < (%(day)s, %(word)s, %(no)s)
  order by j.day desc, j.word desc, j.no desc limit %(limit)s) j
join journal_forms f on f.tenant=%(tenant)s and f.form=j.form
order by j.day desc, j.word desc, j.no desc limit %(limit)s
"""
_OF_PERIOD: Final = f"""
select {_COLUMNS} from journal j join journal_forms f using (tenant, form)
where j.tenant=%(tenant)s and j.period=%(period)s and (j.word, j.no) > (%(word)s, %(no)s)
order by j.word, j.no limit %(limit)s
"""
# An order's own facts are the keys that begin with its id; bills name it beside.
_OF_ORDER: Final = f"""
select {_COLUMNS} from journal j join journal_forms f using (tenant, form) where j.tenant=%(tenant)s
  and j.key >= %(low)s and j.key < %(high)s
union all select {_COLUMNS} from journal j join journal_forms f using (tenant, form)
where j.tenant=%(tenant)s and j.word <> 1 and j.oid=%(order)s
order by 4, 1, 2, 3 limit %(limit)s
"""
_OF_KEY: Final = f"""
select {_COLUMNS} from journal j join journal_forms f using (tenant, form)
where j.tenant=%s and j.key=%s
"""
_REVERSED: Final = "select key from journal where tenant=%s and key=%s"


class DaySum(Struct, frozen=True, kw_only=True):
    """What an account turned over on a day in a shop of a channel; `entries` counts postings."""

    day: datetime.date
    currency: str
    channel: str
    shop: str
    debit: int
    credit: int
    entries: int


class Voucher(Struct, frozen=True, kw_only=True):
    """An entry with its number 凭证号: `no` has no gaps within `period` and `word` (1 facts, 2
    bills, 3 by hand). `belongs` is the closed period that a late entry is of, 0 where it is none.
    """

    period: int
    word: int
    no: int
    day: datetime.date
    belongs: int
    currency: str
    source: str
    key: str
    cause: str
    reverses: str
    postings: tuple[Posting, ...]


def _voucher(row: tuple[Any, ...]) -> Voucher:
    period, word, no, day, belongs, currency, source, key, cause, reverses, *more = row
    accounts, amounts, oid, channel, shop, aux = more
    return Voucher(
        period=period,
        word=word,
        no=no,
        day=day,
        belongs=belongs,
        currency=currency,
        source=source,
        key=key,
        cause=cause,
        reverses=reverses,
        postings=posting.read_postings(accounts, amounts, oid, channel, shop, aux),
    )


async def read_trial(
    connection: Connection, tenant: int, calendar: Calendar, as_of: datetime.date
) -> tuple[Balance, ...]:
    """Read the trial balance of the period of a day, up to that day; by currency and account."""
    totals = await read_totals(connection, tenant, calendar, as_of)
    return tuple(
        Balance(
            account=account,
            currency=currency,
            opening=was_debit - was_credit,
            debit=debit,
            credit=credit,
            closing=was_debit - was_credit + debit - credit,
        )
        for currency, account, was_debit, was_credit, debit, credit in totals
    )


async def read_totals(
    connection: Connection, tenant: int, calendar: Calendar, as_of: datetime.date
) -> list[tuple[str, int, int, int, int, int]]:
    """Read debits and credits of each currency and account: from the beginning to the period of a
    day, and within that up to the day.
    """
    period = calendar.period(as_of)
    first, _ = calendar.bounds(period)
    row = await (await connection.execute(_BASE, (tenant, period))).fetchone()
    base = row[0] if row else None
    after, sums = _EARLIEST, {}
    if base is not None:
        after = calendar.bounds(base)[1] + datetime.timedelta(days=1)
        rows = await (await connection.execute(_CLOSED, (tenant, base))).fetchall()
        sums = {(c, a): [d, k, 0, 0] for c, a, d, k in rows}
    asked = {
        "tenant": tenant, "accounts": list(CHART), "first": first, "after": after, "until": as_of,
    }  # fmt: skip
    for currency, account, *new in await (await connection.execute(_SUMS, asked)).fetchall():
        was = sums.setdefault((currency, account), [0, 0, 0, 0])
        sums[currency, account] = [m + n for m, n in zip(was, new, strict=True)]
    return [(c, a, v[0], v[1], v[2], v[3]) for (c, a), v in sorted(sums.items())]


async def add_up(
    connection: Connection, tenant: int, until: datetime.date
) -> list[tuple[str, int, int, int]]:
    """Add up all days to one, closed periods or not: currency, account, debits, credits."""
    rows = await (await connection.execute(_ADDED, (tenant, until))).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def read_days(
    connection: Connection,
    tenant: int,
    account: int,
    first: datetime.date,
    until: datetime.date,
) -> tuple[list[DaySum], bool]:
    """Read an account day by day, the newest first, and whether that is all. Raises InputError
    `unknown_account`.
    """
    if account not in CHART:
        raise InputError("unknown_account", f"no account {account}")
    asked = (tenant, account, first, until, JOURNAL_DAYS + 1)
    rows = await (await connection.execute(_DAYS, asked)).fetchall()
    items = [
        DaySum(day=d, currency=c, channel=h, shop=s, debit=de, credit=cr, entries=n)
        for d, c, h, s, de, cr, n in rows[:JOURNAL_DAYS]
    ]
    return items, len(rows) <= JOURNAL_DAYS


async def list_of_account(
    connection: Connection,
    tenant: int,
    account: int,
    days: tuple[datetime.date, datetime.date],
    before: tuple[datetime.date, int, int],
    limit: int,
) -> list[Voucher]:
    """List entries that touch an account between two days, newest first, before (day, word, no)."""
    rows = await (await connection.execute(_FORMS, (tenant, account))).fetchall()
    asked = {
        "forms": [form for (form,) in rows], "tenant": tenant, "first": days[0], "until": days[1],
        "day": before[0], "word": before[1], "no": before[2], "limit": limit,
    }  # fmt: skip
    return await _list(connection, _OF_ACCOUNT, asked)


async def list_of_period(
    connection: Connection, tenant: int, period: int, after: tuple[int, int], limit: int
) -> list[Voucher]:
    """List the vouchers of a period by their numbers, after (word, no)."""
    asked = {"tenant": tenant, "period": period, "word": after[0], "no": after[1], "limit": limit}
    return await _list(connection, _OF_PERIOD, asked)


async def list_of_order(
    connection: Connection, tenant: int, order: uuid.UUID, limit: int
) -> list[Voucher]:
    """List the entries of an order in the order of their days."""
    asked = {
        "tenant": tenant, "order": order, "low": f"{order}/", "high": f"{order}0", "limit": limit,
    }  # fmt: skip
    return await _list(connection, _OF_ORDER, asked)


async def find(connection: Connection, tenant: int, key: str) -> tuple[Voucher, bool]:
    """Find an entry, and whether it was reversed. Raises InputError `no_entry`."""
    row = await (await connection.execute(_OF_KEY, (tenant, key))).fetchone()
    if row is None:
        raise InputError("no_entry", "there is no such entry")
    asked = (tenant, f"reverse/{key}")
    reversed_ = await (await connection.execute(_REVERSED, asked)).fetchone()
    return _voucher(row), reversed_ is not None


async def _list(connection: Connection, sql: str, asked: dict[str, Any]) -> list[Voucher]:
    rows: Sequence[tuple[Any, ...]] = await (await connection.execute(sql, asked)).fetchall()
    return [_voucher(row) for row in rows]
