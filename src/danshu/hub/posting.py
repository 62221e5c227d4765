"""The one writer of the journal: entries get their period and number and are kept for ever.

Whoever posts holds the merchant's journal until the end of the transaction, so that numbers of
vouchers have no gaps and nothing slips into a period while it is being closed. An entry is never
changed: a mistake is reversed. What is dated in a closed period is entered on the first day of the
first open one, and says which period it belongs to.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.journal import Entry, Posting, Slip
from danshu.capabilities.settlement.periods import Calendar, Doors, Turn
from danshu.kernel.errors import InputError
from danshu.kernel.limits import JOURNAL_ENTRIES
from danshu.ledger import write

__all__ = ["Entry", "Posted", "Posting", "post", "reverse"]

Connection = psycopg.AsyncConnection[Any]
Places = Sequence[tuple[str, int]]
"""Half-year and position of the fact that each slip was drawn from."""
_LOCK: Final = 0x444A6F75  # "DJou"
_ALONE: Final = "select pg_advisory_xact_lock(%s::int4, %s::int4)"
_TURNS: Final = "select period, kind, cut from period_events where tenant=%s order by no"
_CALENDAR: Final = (
    "select zone, begins from settlement_settings where tenant=%s order by since desc limit 1"
)
_NUMBERS: Final = (
    "insert into journal_numbers as j (tenant,period,word,last) values (%s,%s,%s,%s)"
    " on conflict (tenant,period,word) do update set last = j.last + excluded.last returning last"
)
_FORMS: Final = "select accounts, form from journal_forms where tenant=%s"
_FORM: Final = (
    "insert into journal_forms(tenant,form,accounts)"
    " select %s, coalesce(max(form),0)+1, %s from journal_forms where tenant=%s returning form"
)
_COPY: Final = (
    "copy journal(tenant,period,word,no,day,belongs,form,currency,source,oid,channel,shop,key,"
    "cause,reverses,amounts,aux) from stdin"
)
_ADD_DAYS: Final = (
    "insert into journal_days as d (tenant,account,currency,day,channel,shop,debit,credit,n)"
    " select %b, a, c, y::date, h, s, de, cr, n from unnest(%b::int4[],%b::text[],%b::text[],"
    "%b::text[],%b::text[],%b::int8[],%b::int8[],%b::int8[]) as u(a,c,y,h,s,de,cr,n)"
    " on conflict (tenant,account,currency,day,channel,shop) do update set"
    " debit=d.debit+excluded.debit, credit=d.credit+excluded.credit, n=d.n+excluded.n"
)
_KNOWN: Final = "select key from journal where tenant=%s and key = any(%s)"
_OF_FACTS: Final = "select 1 from journal where tenant=%s and key = any(%s) and word=%s limit 1"
_READ: Final = (
    "select j.key, j.day, j.currency, j.source, j.oid, j.channel, j.shop, f.accounts, j.amounts,"
    " j.cause, j.reverses, j.aux from journal j join journal_forms f using (tenant, form)"
    " where j.tenant=%s and j.key = any(%s)"
)
_ODD: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_decode_cut = msgspec.json.Decoder(dict[str, int]).decode
_decode_aux = msgspec.json.Decoder(list[tuple[str | None, str, str]]).decode


class Posted(Struct, frozen=True, kw_only=True):
    """What became of entries: so many are new, so many had been entered before."""

    entered: int
    known: int


async def post(
    connection: Connection, tenant: int, entries: Sequence[Entry], word: int = journal.BILLS
) -> Posted:
    """Enter what is not in the journal yet, in the caller's transaction; keys make it idempotent.

    Raises InputError (unbalanced, unknown_account, amount, side, too_many) and enters nothing.
    """
    if len(entries) > JOURNAL_ENTRIES:
        raise InputError("too_many", f"at most {JOURNAL_ENTRIES} entries at a time")
    slips = {entry.key: journal.draw(entry) for entry in entries}
    await be_alone(connection, tenant)
    cursor = await connection.execute(_KNOWN, (tenant, list(slips)))
    known = {key for (key,) in await cursor.fetchall()}
    fresh = [slip for key, slip in slips.items() if key not in known]
    await enter(connection, tenant, word, fresh)
    return Posted(entered=len(fresh), known=len(entries) - len(fresh))


async def reverse(
    connection: Connection,
    tenant: int,
    keys: Sequence[str],
    date: datetime.date,
    cause: str,
    word: int = journal.BILLS,
) -> Posted:
    """Take entries back by entries of their own, keyed `reverse/<key>`, once each.

    Raises InputError `no_entry`, and `of_facts` for what follows from the facts of orders: that is
    corrected by a further fact.
    """
    await be_alone(connection, tenant)
    found = await read_entries(connection, tenant, keys)
    if len(found) < len(set(keys)):
        raise InputError("no_entry", "there is no such entry")
    asked = (tenant, list(keys), journal.FACTS)
    if await (await connection.execute(_OF_FACTS, asked)).fetchone():
        raise InputError("of_facts", "what facts say is corrected by a further fact")
    return await post(
        connection,
        tenant,
        [journal.reversal(entry, f"reverse/{entry.key}", date, cause) for entry in found],
        word,
    )


async def read_entries(connection: Connection, tenant: int, keys: Sequence[str]) -> list[Entry]:
    """Read entries by their keys, in no order."""
    rows = await (await connection.execute(_READ, (tenant, list(keys)))).fetchall()
    return [
        Entry(
            key=key,
            date=day,
            currency=currency,
            postings=read_postings(accounts, amounts, oid, channel, shop, aux),
            source=source,
            cause=cause,
            reverses=reverses,
        )
        for (
            key, day, currency, source, oid, channel, shop, accounts, amounts, cause, reverses, aux,
        ) in rows
    ]  # fmt: skip


def read_postings(
    accounts: Sequence[int],
    amounts: Sequence[int],
    order: Any,
    channel: str,
    shop: str,
    aux: bytes | None,
) -> tuple[Posting, ...]:
    """Give the postings of a row."""
    told: Sequence[tuple[Any, str, str]] = [(order, channel, shop)] * len(accounts)
    if aux is not None:
        told = _decode_aux(bytes(aux))
    return tuple(
        msgspec.convert(
            {
                "account": account,
                "debit": max(amount, 0),
                "credit": max(-amount, 0),
                "order": str(of) if of else None,
                "channel": by,
                "shop": at,
            },
            Posting,
        )
        for account, amount, (of, by, at) in zip(accounts, amounts, told, strict=True)
    )


async def be_alone(connection: Connection, tenant: int) -> None:
    """Hold the merchant's journal until the end of the transaction."""
    await connection.execute(_ALONE, (_LOCK, tenant))


async def read_calendar(connection: Connection, tenant: int) -> Calendar:
    """Read by whose days and months a merchant's periods go."""
    row = await (await connection.execute(_CALENDAR, (tenant,))).fetchone()
    return Calendar(zone=row[0], begins=row[1]) if row else Calendar()


async def read_doors(connection: Connection, tenant: int) -> Doors:
    """Read which periods were closed and opened again, and when."""
    rows = await (await connection.execute(_TURNS, (tenant,))).fetchall()
    turns = [Turn(period=p, kind=kind, cut=_decode_cut(bytes(cut))) for p, kind, cut in rows]
    return Doors(turns)


async def enter(
    connection: Connection, tenant: int, word: int, slips: Sequence[Slip], places: Places = ()
) -> None:
    """Write slips that are not there yet, whoever calls holding the journal; with the places of
    their facts, by the periods as they were there.
    """
    if not slips:
        return
    calendar = await read_calendar(connection, tenant)
    doors = await read_doors(connection, tenant)
    forms = await _read_forms(connection, tenant, slips)
    dated = [
        _date(calendar, doors, slip.day, places[at] if places else ("", -1))
        for at, slip in enumerate(slips)
    ]
    counts: dict[int, int] = {}
    for period, _, _ in dated:
        counts[period] = counts.get(period, 0) + 1
    numbers: dict[int, int] = {}
    for period, n in sorted(counts.items()):
        row = await (await connection.execute(_NUMBERS, (tenant, period, word, n))).fetchone()
        numbers[period] = (row[0] if row else n) - n
    lines: list[str] = []
    for slip, (period, day, belongs) in zip(slips, dated, strict=True):
        no = numbers[period] = numbers[period] + 1
        lines.append(
            f"{tenant}\t{period}\t{word}\t{no}\t{day}\t{belongs}\t{forms[slip.accounts]}\t"
            f"{slip.currency}\t{slip.source}\t{slip.order or _NULL}\t{_safe(slip.channel)}\t"
            f"{_safe(slip.shop)}\t{_safe(slip.key) if word != journal.FACTS else slip.key}\t"
            f"{_safe(slip.cause) if slip.cause else ''}\t{_safe(slip.reverses)}\t"
            f"{{{','.join(map(str, slip.amounts))}}}\t"
            f"{_NULL if slip.aux is None else _hex(slip.aux)}\n"
        )
    async with connection.cursor().copy(_COPY) as copy:
        await copy.write("".join(lines))
    await _add_days(connection, tenant, slips, [day for _, day, _ in dated])


_NULL: Final = "\\N"


def _hex(raw: bytes) -> str:
    return "\\\\x" + raw.hex()


@functools.lru_cache(maxsize=65_536)
def _safe(text: str) -> str:
    return text.translate(_ODD)


def _date(
    calendar: Calendar, doors: Doors, day: str, place: tuple[str, int]
) -> tuple[int, str, int]:
    """Give the period and the day that an entry is entered under, and the period it belongs to
    where that is another.
    """
    period = _period(calendar, day)
    if doors.stay_open:
        return period, day, 0
    taken = doors.open_from(period, *place)
    if taken == period:
        return period, day, 0
    return taken, calendar.bounds(taken)[0].isoformat(), period


@functools.lru_cache(maxsize=4096)
def _period(calendar: Calendar, day: str) -> int:
    return calendar.period(datetime.date.fromisoformat(day))


async def _read_forms(
    connection: Connection, tenant: int, slips: Sequence[Slip]
) -> dict[tuple[int, ...], int]:
    rows = await (await connection.execute(_FORMS, (tenant,))).fetchall()
    forms = {tuple(accounts): form for accounts, form in rows}
    for accounts in dict.fromkeys([slip.accounts for slip in slips]):
        if accounts not in forms:
            asked = (tenant, list(accounts), tenant)
            row = await (await connection.execute(_FORM, asked)).fetchone()
            forms[accounts] = row[0] if row else 0
    return forms


async def _add_days(
    connection: Connection, tenant: int, slips: Sequence[Slip], days: Sequence[str]
) -> None:
    sums: dict[tuple[int, str, str, str, str], list[int]] = {}
    for slip, day in zip(slips, days, strict=True):
        told = None if slip.aux is None else _decode_aux(slip.aux)
        for at, account in enumerate(slip.accounts):
            channel, shop = (slip.channel, slip.shop) if told is None else told[at][1:]
            key = (account, slip.currency, day, channel, shop)
            found = sums.get(key)
            if found is None:
                found = sums[key] = [0, 0, 0]
            amount = slip.amounts[at]
            found[amount < 0] += abs(amount)
            found[2] += 1
    ordered = sorted(sums.items())
    account_of, currency, day_of, channel_of, shop_of = zip(*[k for k, _ in ordered], strict=True)
    debit, credit, n = zip(*[v for _, v in ordered], strict=True)
    await connection.execute(
        _ADD_DAYS,
        (
            tenant,
            write.int4s(account_of),
            write.texts(currency),
            write.texts(day_of),
            write.texts(channel_of),
            write.texts(shop_of),
            write.int8s(debit),
            write.int8s(credit),
            write.int8s(n),
        ),
        binary=True,
    )
