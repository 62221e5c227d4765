"""The archive of devices 设备档案: what they are, their bearings, spares, warranty; how they stand.

Rows are master data, written whole by their code. How a device stands (state, normal state learned)
is written by its waves (device_waves.py) and left alone here.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.devices import decide
from danshu.capabilities.devices.model import GRADES, LEARNING, Baseline
from danshu.hub.fields import PLAIN, Code, Word
from danshu.hub.selling_masters import known_skus, say_imported
from danshu.kernel.errors import InputError
from danshu.kernel.limits import DEVICE_PARTS, DEVICES, INT4_MAX, WAVE_RPM
from danshu.ports.modality import Assessment, DraftLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.kernel.fact import Actor
    from danshu.ports.perceiver import Perception

Connection = Any
_TITLE = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
_MM = Annotated[float, Meta(gt=0, le=10_000)]
Zones = Literal[
    "", "group_1_rigid", "group_1_flexible", "group_2_rigid", "group_2_flexible", "small", "medium"
]
NO_DEVICE: Final = InputError("no_device", "there is no such device")


class DeviceBearing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rolling bearing: rollers, their diameter and the pitch diameter in mm, the contact angle in
    degrees; `ratio` is the speed of its shaft over the measured one.
    """

    rollers: Annotated[int, Meta(ge=3, le=200)]
    d: _MM
    D: _MM
    angle: Annotated[float, Meta(ge=0, lt=90)] = 0.0
    ratio: Annotated[float, Meta(gt=0, le=1_000)] = 1.0


class DevicePart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A spare of a device; `fault` is the symptom that it answers, "" = any."""

    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    fault: Word = ""


class NewDevice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device. `kind` is its class of equipment in the intent graph, `device_class` that of the
    sandbox, `site` a store and `supplier` a supplier of the directory, `zones` its class of ISO
    20816, `rpm` its nominal speed.
    """

    code: Code
    name: _TITLE
    kind: Word = ""
    device_class: Word = ""
    site: Word = ""
    supplier: Word = ""
    serial: Word = ""
    bearing: DeviceBearing | None = None
    rpm: Annotated[int, Meta(ge=0, le=WAVE_RPM)] = 0
    zones: Zones = ""
    warranty_until: datetime.date | None = None
    parts: Annotated[tuple[DevicePart, ...], Meta(max_length=DEVICE_PARTS)] = ()
    active: bool = True


class DeviceRow(Struct, frozen=True, kw_only=True):
    """A device as it stands: `normals` normal waves make its normal state since `since`; `heard` is
    when its last wave came.
    """

    device: NewDevice
    state: str
    normals: int
    since: datetime.datetime
    heard: datetime.datetime | None


class DeviceKnown(Struct, frozen=True, kw_only=True):
    """What a wave is compared with: the normal state, how many waves were `judged` by it, of these
    `alarms` wrongly; `before` are the states of the last waves, the newest first.
    """

    baseline: Baseline
    judged: int
    alarms: int
    before: tuple[str, ...]


class DevicePlace(Struct, frozen=True, kw_only=True):
    """Where a page of devices goes on."""

    grade: int
    code: str


_FIELDS: Final = (
    "code,name,kind,device_class,site,supplier,serial,bearing,rpm,zones,warranty_until,active"
)
_PARTS: Final = (
    "(select coalesce(jsonb_agg(jsonb_build_object('sku',p.sku,'quantity',p.quantity,"
    "'fault',p.fault) order by p.fault, p.sku),'[]') from device_parts p"
    " where p.tenant=d.tenant and p.device=d.code)::text"
)
_SELECT: Final = (
    f"select {','.join('d.' + f for f in _FIELDS.split(','))},{_PARTS},d.state,d.normals,d.since,"
    "d.heard,d.grade from devices d where d.tenant=%s"
)
_PUT: Final = f"""
insert into devices(tenant,{_FIELDS}) values(%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s,%s,%s,%s)
on conflict (tenant,code) do update set name=excluded.name, kind=excluded.kind,
  device_class=excluded.device_class, site=excluded.site, supplier=excluded.supplier,
  serial=excluded.serial, bearing=excluded.bearing, rpm=excluded.rpm, zones=excluded.zones,
  warranty_until=excluded.warranty_until, active=excluded.active
"""
_PUT_PART: Final = (
    "insert into device_parts(tenant,device,sku,quantity,fault) values(%s,%s,%s,%s,%s)"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_COUNT: Final = "select count(*) from (select 1 from devices where tenant=%s limit %s) d"
_PLACES: Final = "select kind, code from directory where tenant=%s and kind=%s and code=any(%s)"
_ASSESSED: Final = """
select d.baseline::text, count(*) filter (where w.sound),
  count(*) filter (where w.sound and w.state<>'normal'),
  coalesce((array_agg(w.state order by w.at desc, w.original desc))[1:3], '{}')
from devices d left join lateral (
  select state, at, original, state<>'learning' and coalesce(normal, state<>'abnormal') as sound
  from waves w where w.tenant=d.tenant and w.device=d.code and w.at>=d.since
  order by at desc, original desc limit 1000) w on true
where d.tenant=%s and d.code=%s group by d.tenant, d.code
"""
_STATES: Final = ("abnormal", "watch", "learning", "normal")


async def put(connection: Connection, tenant: int, rows: Sequence[NewDevice], actor: Actor) -> None:
    """Write devices by code, with their parts. Raises InputError `unknown_code` for a site,
    supplier or SKU that is not there, `bad_bearing`, `too_many`.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        await _check(connection, tenant, rows)
        for row in rows:
            told = [getattr(row, name) for name in _FIELDS.split(",")]
            at = _FIELDS.split(",").index("bearing")
            told[at] = msgspec.json.encode(row.bearing).decode() if row.bearing else None
            await connection.execute(_PUT, (tenant, *told))
            await connection.execute(
                "delete from device_parts where tenant=%s and device=%s", (tenant, row.code)
            )
            for part in row.parts:
                await connection.execute(
                    _PUT_PART, (tenant, row.code, part.sku, part.quantity, part.fault)
                )
        found = await (await connection.execute(_COUNT, (tenant, DEVICES + 1))).fetchone()
        if found[0] > DEVICES:
            raise InputError("too_many", f"at most {DEVICES} devices")
        await say_imported(connection, tenant, actor, "device", [_digested(r) for r in rows])


class DeviceDigested(Struct, frozen=True, kw_only=True):
    """A device as the fact's digest covers it: facts hold no fractions."""

    code: str
    row: str


def _digested(row: NewDevice) -> DeviceDigested:
    return DeviceDigested(code=row.code, row=msgspec.json.encode(row).decode())


async def _check(connection: Connection, tenant: int, rows: Sequence[NewDevice]) -> None:
    skus = await known_skus(connection, tenant, [p.sku for row in rows for p in row.parts])
    known: dict[str, set[str]] = {}
    for kind, field in (("store", "site"), ("supplier", "supplier")):
        codes = sorted({getattr(row, field) for row in rows} - {""})
        found = await (await connection.execute(_PLACES, (tenant, kind, codes))).fetchall()
        known[field] = {code for _, code in found}
    seen: set[str] = set()
    for i, row in enumerate(rows):
        if row.code in seen:
            raise InputError("twice", f"{row.code} is named twice", f"/{i}/code")
        seen.add(row.code)
        for field, there in known.items():
            code = getattr(row, field)
            if code and code not in there:
                raise InputError("unknown_code", f"there is no {field} {code!r}", f"/{i}/{field}")
        if row.bearing is not None and row.bearing.d >= row.bearing.D:
            raise InputError("bad_bearing", "d is less than D", f"/{i}/bearing/d")
        places = [(part.sku, part.fault) for part in row.parts]
        for n, part in enumerate(row.parts):
            if part.sku not in skus:
                where = f"/{i}/parts/{n}/sku"
                raise InputError("unknown_code", f"there is no sku {part.sku!r}", where)
        if len(set(places)) < len(places):
            raise InputError("twice", "a part is named twice for one fault", f"/{i}/parts")


async def read(connection: Connection, tenant: int, code: str) -> DeviceRow:
    """Read a device. Raises InputError `no_device`."""
    row = await (await connection.execute(f"{_SELECT} and d.code=%s", (tenant, code))).fetchone()
    if row is None:
        raise NO_DEVICE
    return _row(row)


async def list_rows(
    connection: Connection,
    tenant: int,
    *,
    q: str = "",
    state: str = "",
    after: DevicePlace | None = None,
    limit: int,
) -> list[DeviceRow]:
    """List devices, whoever needs somebody first; `q` is part of a code, name or serial number.

    Raises InputError `bad_filter` for a state that there isn't.
    """
    query, values = _SELECT, [tenant]
    told: list[Any] = values
    if state:
        if state not in _STATES:
            raise InputError("bad_filter", f"a state is one of {', '.join(_STATES)}", "/state")
        query += " and d.state=%s"
        told.append(state)
    if q:
        like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query += " and (d.code ilike %s or d.name ilike %s or d.serial ilike %s)"
        told += [like] * 3
    if after is not None:
        query += " and (d.grade,d.code) > (%s,%s)"
        told += [after.grade, after.code]
    query += " order by d.grade, d.code limit %s"
    rows = await (await connection.execute(query, (*told, limit))).fetchall()
    return [_row(row) for row in rows]


def place_of(row: DeviceRow) -> DevicePlace:
    """Give where a page goes on behind a device."""
    return DevicePlace(grade=GRADES.get(row.state, INT4_MAX), code=row.device.code)


def _row(row: Sequence[Any]) -> DeviceRow:
    names = _FIELDS.split(",")
    told = dict(zip(names, row[: len(names)], strict=True))
    parts, state, normals, since, heard, _grade = row[len(names) :]
    told["parts"] = msgspec.json.decode(parts)
    return DeviceRow(
        device=msgspec.convert(told, NewDevice), state=state, normals=normals, since=since,
        heard=heard,
    )  # fmt: skip


async def look_up(connection: Connection, tenant: int, code: str) -> Mapping[str, object]:
    """Give what reading a wave needs of its device, {} where there is none: the fields of the row
    (`bearing` as an object), and `known` for `assess`.
    """
    try:
        row = await read(connection, tenant, code)
    except InputError:
        return {}
    if not row.device.active:
        return {}
    known = await read_known(connection, tenant, code)
    told: dict[str, object] = msgspec.to_builtins(row.device)
    return {**told, "known": known}


async def read_known(connection: Connection, tenant: int, code: str) -> DeviceKnown:
    """Read what a device's waves are compared with. Raises InputError `no_device`."""
    found = await (await connection.execute(_ASSESSED, (tenant, code))).fetchone()
    if found is None:
        raise NO_DEVICE
    return DeviceKnown(
        baseline=msgspec.json.decode(found[0], type=Baseline),
        judged=found[1],
        alarms=found[2],
        before=tuple(found[3]),
    )


def assess(device: Mapping[str, Any], seen: Perception) -> Assessment:
    """Compare what was measured with the normal state of a device that `look_up` gave."""
    if not device:
        return Assessment(state=LEARNING, reasons=("unknown_device",), needs_person=True)
    known: DeviceKnown = device["known"]
    finding = decide.assess(
        seen.figures,
        seen.troubles,
        known.baseline,
        device["zones"],
        judged=known.judged,
        alarms=known.alarms,
        before=known.before,
    )
    parts = tuple(
        DraftLine(sku=part["sku"], quantity=part["quantity"])
        for part in device["parts"]
        if part["fault"] in ("", *finding.symptoms)
    )
    return Assessment(
        state=finding.state,
        symptoms=finding.symptoms,
        parts=parts if finding.symptoms else (),
        confidence=finding.confidence,
        reasons=finding.reasons,
        needs_person=finding.needs_person,
    )


async def equipment_of(connection: Connection, tenant: int, code: str) -> str:
    """Give the class of equipment of a device, "" where it has none."""
    query = "select kind from devices where tenant=%s and code=%s"
    row = await (await connection.execute(query, (tenant, code))).fetchone()
    return str(row[0]) if row else ""


async def class_of(connection: Connection, tenant: int, code: str) -> str:
    """Give the class of a device for the sandbox, "" for one that is not there."""
    query = "select device_class from devices where tenant=%s and code=%s"
    row = await (await connection.execute(query, (tenant, code))).fetchone()
    return str(row[0]) if row else ""
