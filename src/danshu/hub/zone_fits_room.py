"""The room `physics`: learns each cold zone's physics from its own series once a night, and at once
when a person asks. It proposes; nothing is used before a person has adopted it.

The series are those whose rows are still there: what devices told of units and doors is kept no
longer, so that older files of temperatures would tell nothing of the zone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.twin.episodes import Unit, cut, find_spans
from danshu.capabilities.routing.twin.floor import physics_of
from danshu.capabilities.routing.twin.learning import learn
from danshu.capabilities.routing.twin.state import DOOR_S, ColdUnit, homes
from danshu.capabilities.routing.variables import Zone
from danshu.hub import masters, twin, zone_fits
from danshu.hub.worlds import now_ms
from danshu.hub.zone_fits import ZoneFitReport
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ZONE_FIT_DAYS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from danshu.capabilities.routing.twin.floor import Floor
    from danshu.capabilities.routing.twin.state import Told
    from danshu.hub.nightly import Due

Connection = Any
PROPOSED: Final = "proposed"
KNOWN: Final = "known"
NOT_BETTER: Final = "not_better"
FAILED: Final = "failed"
_DAY_MS: Final = 86_400_000
_CHUNK: Final = 2_000
_FRAMES: Final = (
    "select at, body from twin_frames where tenant=%s and wh=%s and at > %s order by at"
)
_READINGS: Final = """
select s.subject, r.observed, r.value from signal_sources s
join readings r on r.tenant=s.tenant and r.no=s.no
where s.tenant=%s and s.key='zone_temp' and starts_with(s.subject, %s)
and r.observed >= %s and r.observed <= %s and r.quality < 2 order by r.observed
"""
_log = logging.getLogger("danshu.physics")


class _Units(Struct, frozen=True):
    """What a frame tells of cold units; the rest is passed over."""

    units: tuple[ColdUnit, ...] = ()


_decode_units = msgspec.json.Decoder(_Units).decode


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        await look(connection, now_ms())
        return 0

    return step


async def look(connection: Connection, at_ms: int) -> int:
    """Learn for the merchants that are due; gives how many."""
    return await zone_fits.WORK.look_due(connection, at_ms, _look)


async def _look(connection: Connection, due: Due, at_ms: int) -> tuple[bytes]:
    outcomes = await learn_all(connection, due.tenant, at_ms, keep_all=due.asked)
    return (msgspec.json.encode(outcomes, order="sorted"),)


async def learn_all(
    connection: Connection, tenant: int, at_ms: int, *, keep_all: bool = False
) -> dict[str, str]:
    """Learn every cold zone of a merchant; gives what came of each, by WAREHOUSE/ZONE.

    With `keep_all` also what did not pass becomes a version, so that people see how it did.
    """
    known = await masters.load_network(connection, tenant)
    if known is None:
        return {}
    floors = await twin.read_floors(connection, tenant, known[1])
    learned = await zone_fits.read_active(connection, tenant)
    outcomes: dict[str, str] = {}
    for warehouse, declared in floors.items():
        floor, _ = zone_fits.apply(warehouse, declared, learned)
        since_ms = at_ms - ZONE_FIT_DAYS * _DAY_MS
        units = await _read_units(connection, tenant, warehouse, floor, since_ms)
        for was, zone in zip(declared.zones, floor.zones, strict=True):
            if zone.storage not in set(Zone) or not units.get(zone.code):
                continue
            try:
                word = await _learn_zone(
                    connection, tenant, (warehouse, zone.code), declared, floor, units[zone.code],
                    keep_all,
                )  # fmt: skip
            except InputError as error:
                word = error.code
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - logged; one zone's series must not stop the others
                _log.exception("tenant %s: zone %s/%s", tenant, warehouse, was.code)
                word = FAILED
            outcomes[f"{warehouse}/{zone.code}"] = word
    return outcomes


async def _learn_zone(
    connection: Connection,
    tenant: int,
    place: tuple[str, str],
    declared: Floor,
    floor: Floor,
    units: Sequence[Unit],
    keep_all: bool,
) -> str:
    warehouse, code = place
    spans = find_spans(units)
    told: list[Told] = []
    for span in spans:
        read = (tenant, f"zn:{warehouse}/", span.from_ms, span.down_ms)
        rows = await (await connection.execute(_READINGS, read)).fetchall()
        told += twin.sort_out(rows).get(warehouse, [])
    home = homes(floor)
    mine = [
        t for t in told if (home.get((t.storage, t.sensor)) or home.get((t.storage, ""))) == code
    ]
    now, was = (next(z for z in f.zones if z.code == code) for f in (floor, declared))
    against, declaration = physics_of(now), physics_of(was)
    assert against is not None
    assert declaration is not None
    episodes = cut(spans, units, mine)
    lesson = await asyncio.to_thread(learn, episodes, against)
    if not lesson.passed and not keep_all:
        return NOT_BETTER
    report = ZoneFitReport(declared=declaration, lesson=lesson)
    async with connection.transaction():
        no = await zone_fits.propose(connection, tenant, warehouse, code, report)
    if not lesson.passed:
        return NOT_BETTER
    return PROPOSED if no else KNOWN


async def _read_units(
    connection: Connection, tenant: int, warehouse: str, floor: Floor, since_ms: int
) -> Mapping[str, list[Unit]]:
    """Read what frames told of each zone's units: means of their power, the widest door."""
    zone_of = {unit.code: zone.code for zone in floor.zones for unit in zone.units}
    made: dict[str, list[Unit]] = defaultdict(list)
    async with connection.transaction(), connection.cursor(name="frames") as cursor:
        await cursor.execute(_FRAMES, (tenant, warehouse, since_ms))
        while rows := await cursor.fetchmany(_CHUNK):
            for at_ms, body in rows:
                told: dict[str, list[ColdUnit]] = defaultdict(list)
                for unit in _decode_units(bytes(body)).units:
                    if unit.id in zone_of:
                        told[zone_of[unit.id]].append(unit)
                for code, mine in told.items():
                    power = sum(unit.power for unit in mine) / len(mine)
                    door = max(unit.door_open_s for unit in mine) / DOOR_S
                    made[code].append(Unit(at_ms, power, door))
    return made
