"""Arrivals of orders: how many an hour by channel and province, how late, and which numbers of a
shop that counts its own were skipped. Written in the commit that moves the sentinel's cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.sentinel import sequences
from danshu.capabilities.sentinel.model import Found
from danshu.kernel.fact import epoch_ms
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.sentinel.life import Life

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
where p.tenant=%s and p.is_sequence
"""
_NUMBER: Final = """
insert into sentinel_numbers(tenant,channel,shop,last,at) values(%s,%s,%s,%s,now())
on conflict (tenant,channel,shop) do update set last=excluded.last, at=excluded.at
"""
_HOUR_MS: Final = 3_600_000


async def count(connection: Connection, tenant: int, fresh: Mapping[bytes, Life]) -> None:
    """Count orders and their delays by hour, channel and province."""
    cells: dict[tuple[int, str, str], list[int]] = {}
    for id_, life in fresh.items():
        placed = life.placed
        if placed is None or placed.kind != "order":
            continue
        at_ms = int.from_bytes(id_[:6], "big")  # UUIDv7: when it was placed
        cell = cells.setdefault((at_ms // _HOUR_MS, placed.channel, placed.region[:2]), [0, 0])
        cell[0] += 1
        cell[1] += max(0, at_ms - epoch_ms(placed.created)) if placed.created else 0
    if not cells:
        return
    keys = sorted(cells)
    rows = (
        tenant,
        write.times([hour * _HOUR_MS * 1000 for hour, _, _ in keys]),
        write.texts([channel for _, channel, _ in keys]),
        write.texts([province for _, _, province in keys]),
        write.int8s([cells[key][0] for key in keys]),
        write.int8s([cells[key][1] for key in keys]),
    )
    await connection.execute(_COUNT, rows, binary=True)


async def follow_numbers(
    connection: Connection, tenant: int, fresh: Mapping[bytes, Life]
) -> tuple[list[Found], list[tuple[str, str]]]:
    """Follow the numbers of shops that count theirs one by one; gives what is skipped, and the keys
    of what came after all.
    """
    rows = await (await connection.execute(_NUMBERED, (tenant,))).fetchall()
    if not rows:
        return [], []
    lasts = {(channel, shop): last for channel, shop, last in rows}
    seen: dict[tuple[str, str], dict[int, Life]] = {}
    for life in fresh.values():
        placed = life.placed
        if placed is not None and (placed.channel, placed.shop) in lasts:
            number = sequences.split(placed.number)
            if number is not None:
                seen.setdefault((placed.channel, placed.shop), {})[number[1]] = life
    skipped: list[Found] = []
    came: list[tuple[str, str]] = []
    for (channel, shop), numbers in seen.items():
        step = sequences.follow(lasts[channel, shop], numbers)
        skipped += _gaps(channel, shop, step, numbers)
        came += [("sequence_gap", f"{channel}/{shop}/{n}") for n in step.came]
        await connection.execute(_NUMBER, (tenant, channel, shop, step.last))
    return skipped, came


def _gaps(
    channel: str, shop: str, step: sequences.Step, numbers: Mapping[int, Life]
) -> list[Found]:
    after = sorted(numbers)
    found: list[Found] = []
    for n in step.missing:
        life = numbers[next(m for m in after if m > n)]
        placed = life.placed
        assert placed is not None
        head = placed.number.rstrip("0123456789")
        found.append(
            Found(
                klass="sequence_gap",
                subject=f"{channel}/{shop}/{n}",
                cause="number_skipped",
                params={"next": placed.number},
                evidence=(life.ids["order.placed"],),
                channel=channel,
                shop=shop,
                place=shop,
                number=f"{head}{n:0{len(placed.number) - len(head)}}",
                at_ms=epoch_ms(life.recorded),
            )
        )
    return found
