"""Physics of cold zones that were learned 温区热参数: proposed from a zone's own series, adopted by
a person where they passed, retired to what the floor declares.

What was learned holds against one declaration: where the floor declares something else now, the
declaration is in force again.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.twin.floor import Physics, physics_of
from danshu.capabilities.routing.twin.learning import ZoneLesson
from danshu.capabilities.routing.variables import Zone
from danshu.hub import merchants
from danshu.hub.nightly import Nightly
from danshu.hub.twin_facts import ZonePhysicsAdopted
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ZONE_FITS_KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.routing.twin.floor import Floor, FloorZone
    from danshu.kernel.fact import Actor

Connection = Any
ADOPT: Final = "adopt"
RETIRE: Final = "retire"
_ACTIVE: Final = """
select wh, zone, no, report from zone_fits where tenant=%s and active and (%s='' or wh=%s)
"""
_LIST: Final = """
select f.no, f.zone, f.report, f.passed, f.active, f.made, f.adopted, coalesce(p.name, f.by)
from zone_fits f left join people p on p.tenant=f.tenant and 'person:' || p.id = f.by
where f.tenant=%s and f.wh=%s order by f.no desc limit %s
"""
_ONE: Final = "select zone, passed, report from zone_fits where tenant=%s and wh=%s and no=%s"
_LAST: Final = """
select report from zone_fits where tenant=%s and wh=%s and zone=%s order by no desc limit 1
"""
_HOLD: Final = "select 1 from tenants where id=%s for no key update"
_INSERT: Final = """
insert into zone_fits(tenant,no,wh,zone,physics,report,passed)
select %s, coalesce(max(no),0)+1, %s, %s, %s, %s, %s from zone_fits where tenant=%s returning no
"""
_FORGET: Final = """
delete from zone_fits where tenant=%s and wh=%s and zone=%s and not active and no not in
(select no from zone_fits where tenant=%s and wh=%s and zone=%s order by no desc limit %s)
"""
_RETIRE: Final = """
update zone_fits set active=false where tenant=%s and wh=%s and zone=%s and active returning no
"""
_USE: Final = "update zone_fits set active=true, adopted=now(), by=%s where tenant=%s and no=%s"
WORK: Final = Nightly(
    table="zone_fit_work",
    kept=("outcomes",),
    unasked="exists (select 1 from twin_frames f where f.tenant=t.id)",
)
NO_FIT: Final = InputError("no_zone_fit", "there is no such version of this warehouse")
NOT_PASSED: Final = Refusal(
    code="zone_fit_not_passed",
    reason="留出段比对未通过,不能启用",
    reason_en="It did not pass on the episodes held out: it can't be adopted",
    clause="twin.physics",
)
OLD: Final = Refusal(
    code="zone_fit_old",
    reason="比对之后在用的热参数已改变,请重新学习",
    reason_en="What it was compared with is no longer in force: learn again",
    clause="twin.physics",
)
DECLARED: Final = Refusal(
    code="zone_fit_declared",
    reason="正在使用申报的热参数",
    reason_en="The declared physics are in force already",
    clause="twin.physics",
)
_encode = msgspec.json.Encoder(order="sorted").encode


class ZoneFitReport(Struct, frozen=True, kw_only=True):
    """What is kept of a version: the lesson, and the declaration that it was learned under."""

    declared: Physics
    lesson: ZoneLesson


class Learned(Struct, frozen=True, kw_only=True):
    """A version in force: its number, what was learned and under which declaration."""

    no: int
    report: ZoneFitReport


class ZoneFit(Struct, frozen=True, kw_only=True):
    """A version of a zone's physics, held against what was in force, on episodes held out.

    `adopted` None and `by` "" while nobody has used it; `by` is a name, or what a key is called.
    """

    no: int
    zone: str
    lesson: ZoneLesson
    passed: bool
    active: bool
    made: datetime.datetime
    adopted: datetime.datetime | None
    by: str


class TwinPhysics(Struct, frozen=True, kw_only=True):
    """What a zone is forecast by. `source`: learned (version `no`, which missed warm-ups that it
    had not seen by `error_min` where the one before missed them by `before_min`), declared on the
    floor, or default for its class; else `no` is 0 and both are -1.
    """

    source: str
    physics: Physics
    no: int = 0
    error_min: float = -1.0
    before_min: float = -1.0


class ZoneFitWork(Struct, frozen=True, kw_only=True):
    """When the room is asked to look (None: nobody waits), when it last did, what came of it by
    WAREHOUSE/ZONE: proposed, known, not_better, too_few_episodes, failed.
    """

    wanted: datetime.datetime | None = None
    looked: datetime.date | None = None
    outcomes: dict[str, str] = {}


_read_report = msgspec.json.Decoder(ZoneFitReport).decode
_read_outcomes = msgspec.json.Decoder(dict[str, str]).decode


async def read_active(
    connection: Connection, tenant: int, warehouse: str = ""
) -> dict[tuple[str, str], Learned]:
    """Read the versions in use, by warehouse and zone."""
    asked = (tenant, warehouse, warehouse)
    rows = await (await connection.execute(_ACTIVE, asked)).fetchall()
    return {
        (wh, zone): Learned(no=no, report=_read_report(bytes(report)))
        for wh, zone, no, report in rows
    }


def apply(
    warehouse: str, floor: Floor, learned: Mapping[tuple[str, str], Learned]
) -> tuple[Floor, dict[str, Learned]]:
    """Give the floor with what was learned in force, and the versions of its zones that are."""
    used: dict[str, Learned] = {}
    zones = []
    for zone in floor.zones:
        told = learned.get((warehouse, zone.code))
        if told is not None and told.report.declared == physics_of(zone):
            used[zone.code] = told
            zones.append(replace(zone, physics=told.report.lesson.physics))
        else:
            zones.append(zone)
    return (replace(floor, zones=tuple(zones)) if used else floor), used


def view_physics(zone: FloorZone, learned: Learned | None) -> TwinPhysics | None:
    """Show what a zone, as it is declared, is forecast by."""
    if learned is not None:
        lesson = learned.report.lesson
        return TwinPhysics(
            source="learned",
            physics=lesson.physics,
            no=learned.no,
            error_min=lesson.after.error_min,
            before_min=lesson.before.error_min,
        )
    physics = physics_of(zone)
    if physics is None or zone.storage not in set(Zone):
        return None
    return TwinPhysics(source="declared" if zone.physics else "default", physics=physics)


async def versions(
    connection: Connection, tenant: int, warehouse: str, limit: int
) -> list[ZoneFit]:
    """List a warehouse's versions, newest first."""
    rows = await (await connection.execute(_LIST, (tenant, warehouse, limit))).fetchall()
    return [
        ZoneFit(
            no=no,
            zone=zone,
            lesson=_read_report(bytes(report)).lesson,
            passed=passed,
            active=active,
            made=made,
            adopted=adopted,
            by=by,
        )
        for no, zone, report, passed, active, made, adopted, by in rows
    ]


async def read_work(connection: Connection, tenant: int, warehouse: str) -> ZoneFitWork:
    """Tell whether the room is asked to look, and what came of the last time in a warehouse."""
    row = await WORK.read(connection, tenant)
    if row is None:
        return ZoneFitWork()
    told = _read_outcomes(bytes(row[2]) or b"{}")
    mine = {key: word for key, word in told.items() if key.startswith(f"{warehouse}/")}
    return ZoneFitWork(wanted=row[0], looked=row[1], outcomes=mine)


async def propose(
    connection: Connection, tenant: int, warehouse: str, zone: str, report: ZoneFitReport
) -> int:
    """Keep a lesson as the next version, in the caller's commit; gives its number, 0 where the last
    version of the zone says the same.
    """
    await connection.execute(_HOLD, (tenant,))
    place = (tenant, warehouse, zone)
    last = await (await connection.execute(_LAST, place)).fetchone()
    if last is not None:
        known = _read_report(bytes(last[0]))
        if known.lesson.physics == report.lesson.physics and known.declared == report.declared:
            return 0
    lesson = report.lesson
    row = (tenant, warehouse, zone, _encode(lesson.physics), _encode(report), lesson.passed, tenant)
    made = await (await connection.execute(_INSERT, row)).fetchone()
    await connection.execute(_FORGET, (*place, *place, ZONE_FITS_KEPT))
    return int(made[0])


async def adopt(
    connection: Connection, tenant: int, by: Actor, place: tuple[str, int], floor: Floor
) -> str | Refusal:
    """Use a version, `place` being warehouse and number; `floor` as it is declared. Gives the zone.

    Raises InputError `no_zone_fit`.
    """
    warehouse, no = place
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        row = await (await connection.execute(_ONE, (tenant, warehouse, no))).fetchone()
        if row is None:
            raise NO_FIT
        zone, passed, report = row[0], row[1], _read_report(bytes(row[2]))
        if not passed:
            return NOT_PASSED
        learned = await read_active(connection, tenant, warehouse)
        now, used = apply(warehouse, floor, learned)
        in_force = next((physics_of(z) for z in now.zones if z.code == zone), None)
        if in_force != report.lesson.against or zone not in {z.code for z in floor.zones}:
            return OLD
        await connection.execute(_RETIRE, (tenant, warehouse, zone))
        await connection.execute(_USE, (by.sub, tenant, no))
        before = used[zone].no if zone in used else 0
        said = _say(ADOPT, (warehouse, zone), (before, no), report.lesson)
        await merchants.say(connection, tenant, by, said)
    return str(zone)


async def retire(
    connection: Connection, tenant: int, by: Actor, place: tuple[str, int]
) -> str | Refusal:
    """Let the declaration be in force again instead of a version; gives the zone.

    Raises InputError `no_zone_fit`.
    """
    warehouse, no = place
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        row = await (await connection.execute(_ONE, (tenant, warehouse, no))).fetchone()
        if row is None:
            raise NO_FIT
        learned = await read_active(connection, tenant, warehouse)
        zone = str(row[0])
        if (warehouse, zone) not in learned or learned[warehouse, zone].no != no:
            return DECLARED
        report = _read_report(bytes(row[2]))
        await connection.execute(_RETIRE, (tenant, warehouse, zone))
        back = replace(report.lesson, physics=report.declared)
        said = _say(RETIRE, (warehouse, zone), (no, 0), back)
        await merchants.say(connection, tenant, by, said)
    return zone


def _say(
    act: str, place: tuple[str, str], step: tuple[int, int], lesson: ZoneLesson
) -> ZonePhysicsAdopted:
    physics = lesson.physics
    is_new = act == ADOPT
    return ZonePhysicsAdopted(
        act=act,
        ambient_tenth_c=round(physics.ambient_c * 10),
        before=step[0],
        door_hundredth=round(physics.door_factor * 100),
        error_tenth_min=(
            round(lesson.before.error_min * 10) if is_new else -1,
            round(lesson.after.error_min * 10) if is_new else -1,
        ),
        no=step[1],
        reach_tenth_c=round(physics.reach_c * 10),
        tau_min=round(physics.tau_min),
        warehouse=place[0],
        zone=place[1],
    )
