"""Who went abroad: distinct people by recipient and calendar year, as the border table counts them.

Kept as hashes of hashes, exactly: a sketch could say 99,900 for 100,100. A recipient's set stops
growing at BORDER_PEOPLE, where the strictest row holds anyway.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.kernel.limits import BORDER_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable

Connection = psycopg.AsyncConnection[Any]
_HASH_BYTES: Final = 16
_COUNT: Final = """
with told as (select unnest(%(people)s::bytea[]) as person),
  kept as (select person, sensitive from border_people
    where tenant=%(tenant)s and recipient=%(recipient)s and year=%(year)s)
select (select count(*) from kept) + (select count(*) from told where not exists
    (select 1 from kept where kept.person=told.person)),
  (select count(*) from kept where sensitive) + case when %(sensitive)s then
    (select count(*) from told where not exists
      (select 1 from kept where kept.person=told.person and kept.sensitive)) else 0 end
"""
_ADD: Final = """
insert into border_people(tenant,recipient,year,person,sensitive)
select %(tenant)s, %(recipient)s, %(year)s, person, %(sensitive)s
from unnest(%(people)s::bytea[]) as person
where (select count(*) from border_people where tenant=%(tenant)s and recipient=%(recipient)s
  and year=%(year)s) < %(most)s
on conflict (tenant,recipient,year,person)
do update set sensitive = border_people.sensitive or excluded.sensitive
"""
_LIST: Final = """
select recipient, year, count(*), count(*) filter (where sensitive) from border_people
where tenant=%s group by 1,2 order by 2 desc, 1 limit %s
"""


def _hashes(people: Iterable[str]) -> list[bytes]:
    return [hashlib.blake2b(p.encode(), digest_size=_HASH_BYTES).digest() for p in sorted(people)]


def _place(
    tenant: int, recipient: str, year: int, people: Iterable[str], sensitive: bool
) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "recipient": recipient,
        "year": year,
        "people": _hashes(people),
        "sensitive": sensitive,
        "most": BORDER_PEOPLE,
    }


async def count_with(
    connection: Connection,
    tenant: int,
    recipient: str,
    year: int,
    people: frozenset[str],
    *,
    sensitive: bool,
) -> tuple[int, int]:
    """Count the distinct people of a recipient's year, and those with sensitive data, these
    included.
    """
    place = _place(tenant, recipient, year, people, sensitive)
    row = await (await connection.execute(_COUNT, place)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def add(
    connection: Connection,
    tenant: int,
    recipient: str,
    year: int,
    people: frozenset[str],
    *,
    sensitive: bool,
) -> None:
    """Keep who went, in the commit that lets them go."""
    await connection.execute(_ADD, _place(tenant, recipient, year, people, sensitive))


async def list_counts(
    connection: Connection, tenant: int, limit: int
) -> list[tuple[str, int, int, int]]:
    """List (recipient, year, people, of these sensitive), the newest year first."""
    return [tuple(r) for r in await (await connection.execute(_LIST, (tenant, limit))).fetchall()]
