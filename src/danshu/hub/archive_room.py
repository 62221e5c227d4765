"""The room `archive`: days older than DANSHU_ARCHIVE_DAYS go to DANSHU_ARCHIVE_URL, one a step.

Off while no archive is named. A day is looked at again after ARCHIVE_AGAIN_DAYS, for orders that
have ended since.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import re
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import archive
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ARCHIVE_AGAIN_DAYS, ARCHIVE_YOUNG_DAYS
from danshu.ledger import archived

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.ports.blobs import Blobs

Connection = psycopg.AsyncConnection[Any]
REST_S: Final = 600.0
_DAYS: Final = "90"
_PARTITION: Final = re.compile(r"facts_(\d{8})")
_PARTITIONS: Final = """
select relname from pg_inherits join pg_class c on c.oid = inhrelid
where inhparent = 'facts'::regclass order by 1
"""
_TENANTS: Final = """
select t.id from tenants t where not exists (select 1 from archive_days d where d.tenant=t.id
and d.day=%s and d.looked > now() - make_interval(days => %s)) order by 1
"""
_LOOKED: Final = """
insert into archive_days(tenant,day,looked) values(%s,%s,now())
on conflict (tenant,day) do update set looked=excluded.looked
"""


class Done(Struct, kw_only=True):
    """What a run put away."""

    days: int = 0
    parts: int = 0
    rows: int = 0
    facts: int = 0
    bytes: int = 0
    swept: int = 0


def keep_days() -> int:
    """Read how many days stay in the database. Raises InputError."""
    text = os.environ.get("DANSHU_ARCHIVE_DAYS", _DAYS)
    if not text.isdigit() or int(text) < ARCHIVE_YOUNG_DAYS:
        raise InputError("archive_days", f"at least {ARCHIVE_YOUNG_DAYS} days stay")
    return int(text)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        if not os.environ.get(archived.VARIABLE):
            return 0
        done = Done()
        place = await asyncio.to_thread(archived.blobs)
        for day in await old_days(connection, keep_days()):
            tenants = await due(connection, day)
            if tenants:
                await put_day_away(connection, day, tenants, place, done)
                return 1
        for (tenant,) in await (await connection.execute("select id from tenants")).fetchall():
            done.swept += await archive.sweep(connection, tenant)
        return 0

    return step


async def old_days(connection: Connection, keep: int) -> list[datetime.date]:
    """List the days with a partition of facts that ended at least `keep` days ago."""
    today = datetime.datetime.now(datetime.UTC).date()
    last = today - datetime.timedelta(days=keep + 1)
    found = await (await connection.execute(_PARTITIONS)).fetchall()
    days = [
        datetime.date.fromisoformat(named.group(1))
        for (name,) in found
        if (named := _PARTITION.fullmatch(name))
    ]
    return [day for day in days if day <= last]


async def due(connection: Connection, day: datetime.date) -> list[int]:
    """List the merchants for whom a day was not looked at lately."""
    found = await (await connection.execute(_TENANTS, (day, ARCHIVE_AGAIN_DAYS))).fetchall()
    return [tenant for (tenant,) in found]


async def put_day_away(
    connection: Connection,
    day: datetime.date,
    tenants: Sequence[int],
    place: Blobs,
    done: Done,
) -> None:
    """Put away what has ended of a day, and give its disk back."""
    before = done.parts
    for tenant in tenants:
        while (part := await archive.put_away(connection, tenant, day, place)) is not None:
            done.parts += 1
            done.rows += part.rows
            done.facts += part.facts
            done.bytes += part.size
        await connection.execute(_LOOKED, (tenant, day))
    if done.parts > before:
        done.days += 1
        name = f"facts_{day:%Y%m%d}"
        row = await (await connection.execute("select to_regclass(%s)", (name,))).fetchone()
        if row is not None and row[0] is not None:
            # what is left is written anew, so that the disk is free at once; it locks one old day
            await connection.execute(f"vacuum (full, analyze) {name}")
