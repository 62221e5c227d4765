"""Budgets of privacy 隐私预算: what each recipient may still learn of an asset in a calendar year.

Spent in thousandths of epsilon, in the commit of the publication that it pays for. The year is that
of Asia/Shanghai; a new one begins at nothing.
"""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.protection import privacy
from danshu.capabilities.protection.facts import PrivacySpent
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import NO_HEAD
from danshu.kernel.limits import PRIVACY_YEAR_MILLE

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_LOCK: Final = (
    "select stream, spent, seq, head from privacy_budgets where tenant=%s and asset=%s"
    " and recipient=%s and year=%s for update"
)
_BEGIN: Final = (
    "insert into privacy_budgets(tenant,asset,recipient,year,stream,spent,seq,head)"
    " values(%s,%s,%s,%s,%s,0,0,%s) on conflict do nothing"
)
_PUT: Final = (
    "update privacy_budgets set spent=%s, seq=%s, head=%s where tenant=%s and asset=%s"
    " and recipient=%s and year=%s"
)
_LIST: Final = (
    "select asset, recipient, year, spent from privacy_budgets where tenant=%s"
    " and (year,asset,recipient) > (%s,%s,%s) order by year, asset, recipient limit %s"
)


class Budget(Struct, frozen=True, kw_only=True):
    """What was spent of a budget, and its limit, in thousandths of epsilon."""

    asset: str
    recipient: str
    year: int
    spent: int
    limit: int


def year_of(now_ms: int) -> int:
    """Give the calendar year of an instant, in Asia/Shanghai."""
    return datetime.datetime.fromtimestamp(now_ms / 1000, _CHINA).year


async def spend(
    connection: Connection,
    tenant: int,
    *,
    asset: str,
    recipient: str,
    mille: int,
    what: str,
    actor: Actor,
    now_ms: int,
) -> int | Refusal:
    """Spend of a budget in the caller's transaction; gives what is spent of the year, or no."""
    year = year_of(now_ms)
    place = (tenant, asset, recipient, year)
    stream = ids.uuid7(now_ms, os.urandom(10))
    await connection.execute(_BEGIN, (*place, stream, NO_HEAD))
    row = await (await connection.execute(_LOCK, place, binary=True)).fetchone()
    if row is None:  # it was made above, and nobody deletes one
        raise ProgramError("a budget of privacy vanished")
    told = privacy.spend(row[1], mille)
    if isinstance(told, Refusal):
        return told
    said = PrivacySpent(
        asset=asset, mille=mille, recipient=recipient, spent=told, what=what, year=year
    )
    end = row[2], bytes(row[3])
    seq, head = await say_next(connection, tenant, row[0], end, actor, now_ms, said)
    await connection.execute(_PUT, (told, seq, head, *place))
    return told


async def read(
    connection: Connection, tenant: int, asset: str, recipient: str, now_ms: int
) -> Budget:
    """Read the budget of this year."""
    year = year_of(now_ms)
    cursor = await connection.execute(
        "select spent from privacy_budgets where tenant=%s and asset=%s and recipient=%s"
        " and year=%s",
        (tenant, asset, recipient, year),
    )
    row = await cursor.fetchone()
    spent = row[0] if row else 0
    return Budget(
        asset=asset, recipient=recipient, year=year, spent=spent, limit=PRIVACY_YEAR_MILLE
    )


async def page(
    connection: Connection, tenant: int, after: tuple[int, str, str], limit: int
) -> list[Budget]:
    """List budgets by year, asset and recipient."""
    cursor = await connection.execute(_LIST, (tenant, *after, limit))
    return [
        Budget(asset=asset, recipient=recipient, year=year, spent=spent, limit=PRIVACY_YEAR_MILLE)
        for asset, recipient, year, spent in await cursor.fetchall()
    ]
