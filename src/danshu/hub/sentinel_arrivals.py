"""Arrivals of orders: how many an hour by channel and province, how late, and which numbers of a
shop that counts its own were skipped. Written in the commit that moves the sentinel's cursor.
"""

from __future__ import annotations

import bisect
import uuid
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.sentinel import sequences
from danshu.capabilities.sentinel.model import Found
from danshu.hub import findings
from danshu.kernel.limits import SENTINEL_GAP_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.sentinel.parts import Placed


Connection = Any
_COUNT: Final = """
insert into sentinel_hours as h (tenant,hour,channel,province,n,late_ms)
select %b, * from unnest(%b::timestamptz[],%b::text[],%b::text[],%b::int8[],%b::int8[])
on conflict (tenant,hour,channel,province) do update set n=h.n+excluded.n,
late_ms=h.late_ms+excluded.late_ms
"""
_NUMBERED: Final = """
select p.channel, p.shop, coalesce(n.last,0) from pull_accounts p left join sentinel_numbers n
on n.tenant=p.tenant and n.channel=p.channel and n.shop=p.shop
where p.tenant=%s and p.is_sequence and p.is_on
"""
_NUMBER: Final = """
insert into sentinel_numbers(tenant,channel,shop,last,at) values(%s,%s,%s,%s,now())
on conflict (tenant,channel,shop) do update set last=excluded.last, at=excluded.at
"""
_SKIPPED: Final = """
insert into sentinel_gaps(tenant,channel,shop,seen,n,number,next,fact)
select %s, %s, %s, %s, * from unnest(%s::int8[],%s::text[],%s::text[],%s::text[])
on conflict do nothing
"""
_CAME: Final = """
delete from sentinel_gaps where tenant=%s and channel=%s and shop=%s and n = any(%s)
"""
_OVERDUE: Final = """
delete from sentinel_gaps where (tenant,channel,shop,n) in (select tenant,channel,shop,n
from sentinel_gaps where tenant=%s and seen <= %s limit 1000)
returning channel, shop, n, number, next, fact, seen
"""
_HOUR_MS: Final = 3_600_000


async def count(
    connection: Connection, tenant: int, cells: Iterable[tuple[int, str, str, int, int]]
) -> None:
    """Count orders and their delays: hour, channel, province, how many, how late together, ms."""
    found = sorted(cells)
    if not found:
        return
    hours, channels, provinces, counts, delays = zip(*found, strict=True)
    rows = (
        tenant,
        write.times([hour * _HOUR_MS * 1000 for hour in hours]),
        write.texts(channels),
        write.texts(provinces),
        write.int8s(counts),
        write.int8s(delays),
    )
    await connection.execute(_COUNT, rows, binary=True)


async def follow_numbers(
    connection: Connection, tenant: int, fresh: Iterable[tuple[bytes, Placed]], at_ms: int
) -> list[tuple[str, str]]:
    """Follow the numbers of shops that count theirs one by one: what is skipped waits a little to
    come after all. Gives the keys of what came. `fresh` is asked for only where there is such a
    shop.
    """
    rows = await (await connection.execute(_NUMBERED, (tenant,))).fetchall()
    if not rows:
        return []
    lasts = {(channel, shop): last for channel, shop, last in rows}
    seen: dict[tuple[str, str], dict[int, tuple[bytes, Placed]]] = {}
    for id_, placed in fresh:
        if (placed.channel, placed.shop) in lasts:
            number = sequences.split(placed.number)
            if number is not None:
                seen.setdefault((placed.channel, placed.shop), {})[number[1]] = (id_, placed)
    came: list[tuple[str, str]] = []
    for place, numbers in seen.items():
        step = sequences.follow(lasts[place], numbers)
        await connection.execute(_NUMBER, (tenant, *place, step.last))
        if step.missing:
            await _skip(connection, tenant, place, step.missing, numbers, at_ms)
        if step.came:
            await connection.execute(_CAME, (tenant, *place, step.came))
            came += [("sequence_gap", f"{place[0]}/{place[1]}/{n}") for n in step.came]
    return came


async def _skip(
    connection: Connection,
    tenant: int,
    place: tuple[str, str],
    missing: Sequence[int],
    numbers: Mapping[int, tuple[bytes, Placed]],
    at_ms: int,
) -> None:
    """Keep the numbers that were skipped, each with the order that came after it."""
    after = sorted(numbers)
    named: list[str] = []
    nexts: list[str] = []
    facts: list[str] = []
    for n in missing:
        id_, placed = numbers[after[bisect.bisect(after, n)]]
        head = placed.number.rstrip("0123456789")
        named.append(f"{head}{n:0{len(placed.number) - len(head)}}")
        nexts.append(placed.number)
        facts.append(f"{uuid.UUID(bytes=id_)}/1")
    row = (tenant, *place, write.instant(at_ms * 1000), list(missing), named, nexts, facts)
    await connection.execute(_SKIPPED, row)


async def look_at_gaps(connection: Connection, tenant: int, at_ms: int) -> None:
    """Find the numbers that were skipped a while ago and have not come."""
    until = write.instant((at_ms - SENTINEL_GAP_S * 1000) * 1000)
    async with connection.transaction():
        rows = await (await connection.execute(_OVERDUE, (tenant, until))).fetchall()
        opened = [
            Found(
                klass="sequence_gap",
                subject=f"{channel}/{shop}/{n}",
                cause="number_skipped",
                params={"next": next_},
                evidence=(fact,),
                channel=channel,
                shop=shop,
                place=shop,
                number=number,
                at_ms=round(seen.timestamp() * 1000),
            )
            for channel, shop, n, number, next_, fact, seen in rows
        ]
        await findings.record(connection, tenant, at_ms, opened)
