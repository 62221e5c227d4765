"""Drift: what came, beside what the newest run foretold; where it left its interval too often, an
alarm stands and the series is read by the plain method until the next run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.forecasting import drift
from danshu.capabilities.forecasting.facts import ForecastDrifted
from danshu.capabilities.forecasting.model import QUANTILES
from danshu.hub import merchants
from danshu.kernel.limits import FORECAST_WATCH_D

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.forecasting.drift import Drift
    from danshu.hub.forecast_gather import Gathered
    from danshu.kernel.fact import Actor

Connection = Any
_WIDE: Final = len(QUANTILES)
_NEWEST: Final = "select id, day from forecast_runs where tenant=%s order by at desc limit 1"
_READ: Final = """
select s.place, s.sku, s.quantiles from forecast_series s where s.tenant=%s and s.run=%s
and not exists (select 1 from forecast_drifts d where d.tenant=s.tenant and d.run=s.run
  and d.place=s.place and d.sku=s.sku)
"""
_ADD: Final = """
insert into forecast_drifts(tenant,run,place,sku,days,outside,chance) values (%s,%s,%s,%s,%s,%s,%s)
"""
_LIST: Final = """
select place, sku, days, outside, chance from forecast_drifts where tenant=%s and run=%s
order by chance, place, sku limit %s
"""
_COUNT: Final = "select count(*) from forecast_drifts where tenant=%s and run=%s"
_WATCHED: Final = "update forecast_runs set watched=%s where tenant=%s and id=%s"


class Drifted(Struct, frozen=True, kw_only=True):
    """A series that drifted: on how many of how many days it lay outside, and how likely that many
    are by chance, in millionths.
    """

    place: str
    sku: str
    days: int
    outside: int
    chance: int


async def watch(connection: Connection, tenant: int, gathered: Gathered, actor: Actor) -> int:
    """Look at what came since the newest run; gives how many series drift now that did not."""
    row = await (await connection.execute(_NEWEST, (tenant,))).fetchone()
    if row is None:
        return 0
    run, day = row
    begin = day.toordinal() - gathered.panel.first_day
    if begin < 0:
        return 0
    came = {
        key: [int(units) for units in gathered.panel.units[n, begin : begin + FORECAST_WATCH_D]]
        for n, key in enumerate(gathered.keys)
    }
    found = []
    for place, sku, quantiles in await (await connection.execute(_READ, (tenant, run))).fetchall():
        seen = compare(quantiles, came.get((place, sku), []))
        if seen.is_one:
            found.append((place, sku, seen))
    await _keep(connection, tenant, run, found, gathered, actor)
    return len(found)


def compare(quantiles: list[int], came: list[int]) -> Drift:
    """Compare units that came with the 95 % interval of the days from the run's first on. An
    interval is held to whole units: what is below one unit can't come.
    """
    low = [quantiles[n * _WIDE] // 1000 for n in range(len(came))]
    high = [-(-quantiles[n * _WIDE + _WIDE - 1] // 1000) for n in range(len(came))]
    return drift.look(low, high, came)


async def _keep(
    connection: Connection,
    tenant: int,
    run: uuid.UUID,
    found: list[tuple[str, str, Drift]],
    gathered: Gathered,
    actor: Actor,
) -> None:
    """Keep alarms with their facts, and that the run was watched today, in one commit."""
    async with connection.transaction():
        async with connection.cursor() as cursor:
            rows = [
                (tenant, run, place, sku, seen.days, seen.outside, seen.chance)
                for place, sku, seen in found
            ]
            await cursor.executemany(_ADD, rows)
        said = [
            ForecastDrifted(
                chance=seen.chance,
                days=seen.days,
                outside=seen.outside,
                place=place,
                run=str(run),
                sku=sku,
            )
            for place, sku, seen in found
        ]
        if said:
            await merchants.say(connection, tenant, actor, *said)
        await connection.execute(_WATCHED, (gathered.day, tenant, run))


async def list_drifts(
    connection: Connection, tenant: int, run: uuid.UUID, limit: int
) -> tuple[int, list[Drifted]]:
    """Give how many series of a run drift, and the surest of them."""
    (count,) = await (await connection.execute(_COUNT, (tenant, run))).fetchone()
    cursor = await connection.execute(_LIST, (tenant, run, limit))
    found = [
        Drifted(place=place, sku=sku, days=days, outside=outside, chance=chance)
        for place, sku, days, outside, chance in await cursor.fetchall()
    ]
    return int(count), found
