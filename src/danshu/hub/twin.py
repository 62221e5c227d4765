"""The twin's inputs in the database: floors, frames of what moves, readings of cold zones.

A past moment is read as it had arrived by then: rows of `readings`, or their day's file once the
rows are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.routing.signals import Quality
from danshu.capabilities.routing.twin.floor import Floor, check_floor, lay_out
from danshu.capabilities.routing.twin.state import Frame, State, Told, fold
from danshu.capabilities.routing.twin.thermal import FIT_MIN
from danshu.capabilities.routing.variables import Per
from danshu.hub import reading_days, zone_fits
from danshu.kernel.errors import InputError
from danshu.kernel.limits import READINGS_DAYS, SIGNAL_LATE_S, SIGNAL_SKEW_MS, TWIN_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals

Connection = Any
WINDOW_MS: Final = FIT_MIN * 60_000
FRAME_MS: Final = 120_000  # a frame older than this tells nothing of now
DAY_MS: Final = 86_400_000
_ZONE_ROWS: Final = """
select s.subject, r.observed, r.value from signal_sources s
join readings r on r.tenant=s.tenant and r.no=s.no
where s.tenant=%(tenant)s and s.key='zone_temp' and (%(wh)s='' or starts_with(s.subject, %(wh)s))
and r.observed > %(from)s and r.observed <= %(to)s and r.received <= %(to)s + %(skew)s
and r.quality < 2 order by r.observed
"""
_LAST_WORDS: Final = """
select s.subject, l.observed, l.value from signal_sources s
join signal_latest l on l.tenant=s.tenant and l.no=s.no
where s.tenant=%(tenant)s and s.key='zone_temp' and (%(wh)s='' or starts_with(s.subject, %(wh)s))
and l.quality < 2 and l.observed <= %(to)s
"""
_SUBJECTS: Final = """
select distinct subject from signal_sources where tenant=%s and key='zone_temp'
and starts_with(subject, %s)
"""
_FLOORS: Final = "select wh, body from twin_floors where tenant=%s and (%s='' or wh=%s)"
_PUT_FLOOR: Final = """
insert into twin_floors(tenant,wh,body) values(%s,%s,%s)
on conflict (tenant,wh) do update set body=excluded.body, at=now()
"""
_PUT_FRAME: Final = """
insert into twin_frames(tenant,wh,at,body) values(%s,%s,%s,%s) on conflict do nothing
"""
_FRAMES: Final = """
select distinct on (wh) wh, body from twin_frames where tenant=%(tenant)s
and (%(wh)s='' or wh=%(wh)s) and at > %(from)s and at <= %(to)s order by wh, at desc
"""
_FRAMES_OF: Final = """
select at, body from twin_frames where tenant=%s and wh=%s and at > %s and at <= %s order by at
"""
_DROP_FRAMES: Final = "delete from twin_frames where at < %s"
_decode_floor = msgspec.json.Decoder(Floor).decode
_decode_frame = msgspec.json.Decoder(Frame).decode
_encode = msgspec.json.encode
NO_WAREHOUSE: Final = InputError("no_warehouse", "there is no such warehouse")


async def read_floors(
    connection: Connection, tenant: int, network: Network, warehouse: str = ""
) -> dict[str, Floor]:
    """Read the floors of all warehouses, or of one; those without get their classes' layout."""
    asked = (tenant, warehouse, warehouse)
    rows = await (await connection.execute(_FLOORS, asked)).fetchall()
    told = {wh: _decode_floor(bytes(body)) for wh, body in rows}
    sites = [site for site in network.sites if warehouse in ("", site.code)]
    return {site.code: told.get(site.code) or lay_out(site.storage_bits) for site in sites}


async def put_floor(connection: Connection, tenant: int, warehouse: str, floor: Floor) -> Floor:
    """Keep a warehouse's floor. Raises InputError `bad_floor`, `too_large`."""
    check_floor(floor)
    body = _encode(floor)
    if len(body) > TWIN_BYTES:
        raise InputError("too_large", f"a floor has at most {TWIN_BYTES} bytes")
    await connection.execute(_PUT_FLOOR, (tenant, warehouse, body))
    return floor


async def put_frame(
    connection: Connection, tenant: int, warehouse: str, frame: Frame, now_ms: int
) -> Frame:
    """Keep what moves on a floor at one moment; the same moment again changes nothing.

    Raises InputError `bad_time` for a moment of the future, or more than a day ago.
    """
    at_ms = frame.observed_ms or now_ms
    if not now_ms - SIGNAL_LATE_S * 1000 <= at_ms <= now_ms + SIGNAL_SKEW_MS:
        raise InputError("bad_time", "a frame is of now, at most a day late", "/observed_ms")
    kept = msgspec.structs.replace(frame, observed_ms=at_ms)
    await connection.execute(_PUT_FRAME, (tenant, warehouse, at_ms, _encode(kept)))
    return kept


async def drop_frames(connection: Connection, now_ms: int) -> int:
    """Forget frames older than READINGS_DAYS; gives how many."""
    cursor = await connection.execute(_DROP_FRAMES, (now_ms - READINGS_DAYS * DAY_MS,))
    return int(cursor.rowcount)


async def read_states(
    connection: Connection,
    tenant: int,
    network: Network,
    signals: Signals,
    at_ms: int,
    warehouse: str = "",
) -> list[State]:
    """Read the present state of all warehouses, or of one, in the order of the network: zones go by
    the physics in force, declared or learned.
    """
    floors = await read_floors(connection, tenant, network, warehouse)
    learned = await zone_fits.read_active(connection, tenant, warehouse)
    asked = {"tenant": tenant, "wh": f"zn:{warehouse}/" if warehouse else "", "to": at_ms}
    asked |= {"from": at_ms - WINDOW_MS, "skew": SIGNAL_SKEW_MS}
    rows = await (await connection.execute(_LAST_WORDS, asked)).fetchall()
    rows += await (await connection.execute(_ZONE_ROWS, asked)).fetchall()
    window = {"tenant": tenant, "wh": warehouse, "from": at_ms - FRAME_MS, "to": at_ms}
    frames = await (await connection.execute(_FRAMES, window)).fetchall()
    seen = {wh: _decode_frame(bytes(body)) for wh, body in frames}
    told = sort_out(rows)
    health = signals.field("cold_unit_health", Per.WAREHOUSE, network).value
    return [
        fold(
            code,
            zone_fits.apply(code, floor, learned)[0],
            told.get(code, ()),
            at_ms,
            float(health[network.warehouse_index[code]]),
            seen.get(code),
        )
        for code, floor in floors.items()
    ]


async def read_past(
    connection: Connection, tenant: int, warehouse: str, span: tuple[int, int]
) -> tuple[list[Told], list[tuple[int, Frame]]]:
    """Read the readings and frames of a past span, the fit's window before it included."""
    low, high = span[0] - WINDOW_MS, span[1]
    prefix = f"zn:{warehouse}/"
    asked = {"tenant": tenant, "wh": prefix, "from": low, "to": high, "skew": SIGNAL_SKEW_MS}
    rows = await (await connection.execute(_ZONE_ROWS, asked)).fetchall()
    if not rows:  # they may lie in files already
        for (subject,) in await (await connection.execute(_SUBJECTS, (tenant, prefix))).fetchall():
            before = (high + 1, 0)
            found = await reading_days.read_days(
                connection, tenant, "zone_temp", subject, (low, high + 1), before, 20_000
            )
            rows += [(subject, row[0], row[2]) for row in found if row[3] != Quality.BAD]
    window = (tenant, warehouse, low, high)
    frames = await (await connection.execute(_FRAMES_OF, window)).fetchall()
    told = sort_out(rows).get(warehouse, [])
    return told, [(at, _decode_frame(bytes(body))) for at, body in frames]


def sort_out(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Told]]:
    """Put (subject, observed, value) to their warehouses."""
    told: dict[str, list[Told]] = {}
    for subject, observed, value in rows:
        warehouse, _, rest = subject.removeprefix("zn:").partition("/")
        storage, _, sensor = rest.partition("/")
        told.setdefault(warehouse, []).append(Told(storage, sensor, observed, value))
    return told
