"""Devices 设备档案 over HTTP: written and read, their waves, their history, their normal state."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.devices import baseline
from danshu.capabilities.devices.model import Baseline
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.questions import Question as Words
from danshu.faces.http.stock import Written
from danshu.hub import device_waves, devices, original_rows, repair_parts
from danshu.hub.device_waves import DeviceEvent, WaveRow
from danshu.hub.devices import DeviceRow, NewDevice
from danshu.hub.fields import PLAIN, Code
from danshu.hub.repair_rows import RepairLine
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import BATCH_BODY_BYTES, DEVICE_PARTS, MASTER_ROWS, PAGE_ROWS
from danshu.ledger import write
from danshu.ports.modality import DraftLine
from danshu.ports.perceiver import Series

if TYPE_CHECKING:
    import datetime

Ask = Request[Any, Any, Any]
_CODE: Final = "/v1/devices/{code:str}"
_Note = Annotated[str, Meta(max_length=500, pattern=PLAIN)]
_State = Annotated[
    Literal["", "abnormal", "watch", "learning", "normal"], QueryParameter(name="state")
]


class DeviceView(Struct, frozen=True, kw_only=True):
    """A device as it stands: `normals` normal waves make its normal state since `since`; `heard`
    is when its last wave came, "" = never.
    """

    device: NewDevice
    state: str
    normals: int
    since: str
    heard: str


class DevicePage(Struct, frozen=True, kw_only=True):
    """Devices, whoever needs somebody first; `next` is "" at the end."""

    items: tuple[DeviceView, ...]
    next: str


class DeviceSheet(Struct, frozen=True, kw_only=True):
    """A device with its normal state and spares. Of `judged` normal waves `alarms` were said to be
    worse; `alarm_bound` is the upper bound (95 %) of that rate in thousandths, 1000 = not known.
    `enough` normal waves at a speed are needed before anything is judged there.
    """

    row: DeviceView
    baseline: Baseline
    judged: int
    alarms: int
    alarm_bound: int
    enough: int
    spares: tuple[RepairLine, ...]


class WaveView(Struct, frozen=True, kw_only=True):
    """A wave of a device: its original, figures, how the device stood by it (`confidence` in
    thousandths); `normal` whether it counts as the normal state, null where nobody said.
    """

    original: uuid.UUID
    at: str
    rpm: int
    figures: dict[str, float]
    state: str
    symptoms: tuple[str, ...]
    reasons: tuple[str, ...]
    confidence: int
    normal: bool | None


class WaveSheet(Struct, frozen=True, kw_only=True):
    """A wave with its curves, none once how it was read is kept no longer."""

    row: WaveView
    series: tuple[Series, ...]


class WavePage(Struct, frozen=True, kw_only=True):
    """Waves of a device, the newest first; `next` is "" at the end."""

    items: tuple[WaveView, ...]
    next: str


class DeviceEventView(Struct, frozen=True, kw_only=True):
    """What was done to a device, by whom, for which repair."""

    id: uuid.UUID
    at: str
    what: str
    note: str
    parts: tuple[str, ...]
    by: str
    repair: uuid.UUID | None


class DeviceEventPage(Struct, frozen=True, kw_only=True):
    """The history of a device, the newest first; `next` is "" at the end."""

    items: tuple[DeviceEventView, ...]
    next: str


class DeviceEventWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done to a device, in a word or a code of the intent graph's actions."""

    what: Code
    note: _Note = ""
    parts: Annotated[tuple[Code, ...], Meta(max_length=DEVICE_PARTS)] = ()


class DeviceResetWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the normal state is learned anew."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]


class WaveJudgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a wave counts as the device's normal state."""

    normal: bool


def _read(operation_id: str) -> dict[str, Any]:
    return declare_read(operation_id, "devices", "device.read")


def _write(operation_id: str) -> dict[str, Any]:
    return declare_write(operation_id, "devices", "device.write", BATCH_BODY_BYTES)


def _at(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def _us(at: datetime.datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _show(row: DeviceRow) -> DeviceView:
    return DeviceView(
        device=row.device,
        state=row.state,
        normals=row.normals,
        since=_at(row.since),
        heard=_at(row.heard),
    )


def _show_wave(row: WaveRow) -> WaveView:
    return WaveView(
        original=row.original,
        at=_at(row.at),
        rpm=row.rpm,
        figures=row.figures,
        state=row.state,
        symptoms=row.symptoms,
        reasons=row.reasons,
        confidence=row.confidence,
        normal=row.normal,
    )


def _show_event(row: DeviceEvent) -> DeviceEventView:
    return DeviceEventView(
        id=row.id,
        at=_at(row.at),
        what=row.what,
        note=row.note,
        parts=row.parts,
        by=row.by,
        repair=row.repair,
    )


def _read_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@get("/v1/devices", **_read("listDevices"))
async def list_devices(
    request: Ask,
    q: Words = "",
    standing: _State = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> DevicePage:
    """List devices, the abnormal ones first; `q` is part of a code, name or serial number."""
    after = None
    if cursor:
        grade, code = read_place(cursor, int, str)
        after = devices.DevicePlace(grade=int(grade), code=str(code))
    async with hub_of(request).connection() as connection:
        rows = await devices.list_rows(
            connection,
            held_of(request).tenant,
            q=q.strip(),
            state=standing,
            after=after,
            limit=limit + 1,
        )
    following = ""
    if len(rows) > limit:
        place = devices.place_of(rows[limit - 1])
        following = write_place(place.grade, place.code)
    return DevicePage(items=tuple([_show(r) for r in rows[:limit]]), next=following)


@put("/v1/devices", **_write("putDevices"))
async def put_devices(
    data: JSONBody[Annotated[tuple[NewDevice, ...], Meta(min_length=1, max_length=MASTER_ROWS)]],
    request: Ask,
) -> Written:
    """Write devices by code, each whole with its parts."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await devices.put(connection, held.tenant, data, held.actor)
    return Written(rows=len(data))


@get(_CODE, **_read("readDevice"))
async def read_device(code: FromPath[str], request: Ask) -> DeviceSheet:
    """Read a device: how it stands, its normal state, its spares and how many lie in stock."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        row = await devices.read(connection, tenant, code)
        known = await devices.read_known(connection, tenant, code)
        parts = [DraftLine(sku=p.sku, quantity=p.quantity) for p in row.device.parts]
        spares = await repair_parts.stock_of(connection, tenant, parts)
    bound = baseline.bound_alarms(known.judged, known.alarms)
    return DeviceSheet(
        row=_show(row),
        baseline=known.baseline,
        judged=known.judged,
        alarms=known.alarms,
        alarm_bound=round(bound * 1000),
        enough=baseline.ENOUGH,
        spares=spares,
    )


@get(_CODE + "/waves", **_read("listWaves"))
async def list_waves(
    code: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> WavePage:
    """List the waves of a device, the newest first."""
    before = None
    if cursor:
        at_us, id_ = read_place(cursor, int, str)
        before = (write.instant(int(at_us)), _read_id(str(id_)))
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        await devices.read(connection, tenant, code)  # one that is not there has none
        rows = await device_waves.list_waves(connection, tenant, code, before, limit + 1)
    following = ""
    if len(rows) > limit:
        last = rows[limit - 1]
        following = write_place(_us(last.at), str(last.original))
    return WavePage(items=tuple([_show_wave(r) for r in rows[:limit]]), next=following)


@get(_CODE + "/waves/{original:uuid}", **_read("readWave"))
async def read_wave(code: FromPath[str], original: FromPath[uuid.UUID], request: Ask) -> WaveSheet:
    """Read a wave of a device with its curves."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        row = await device_waves.read_wave(connection, tenant, code, original)
        parsed = await original_rows.read_parsed(connection, tenant, original)
    seen = [p for p in (parsed.perceptions if parsed else ()) if p.kind == device_waves.WAVEFORM]
    return WaveSheet(row=_show_wave(row), series=seen[0].series if seen else ())


@post(_CODE + "/waves/{original:uuid}", **_write("judgeWave"), status_code=204)
async def judge_wave(
    code: FromPath[str],
    original: FromPath[uuid.UUID],
    data: JSONBody[WaveJudgement],
    request: Ask,
) -> None:
    """Say whether a wave counts as the device's normal state; that is made anew at once."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await device_waves.judge(connection, held.tenant, code, original, data.normal, held.actor)


@post(_CODE + "/reset", **_write("resetDevice"), status_code=204)
async def reset_device(code: FromPath[str], data: JSONBody[DeviceResetWish], request: Ask) -> None:
    """Learn the normal state anew from now on, as after maintenance."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await device_waves.reset(
            connection, held.tenant, code, data.reason, held.actor, hub.clock()
        )


@get(_CODE + "/events", **_read("listDeviceEvents"))
async def list_events(
    code: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> DeviceEventPage:
    """List what was done to a device, the newest first."""
    before = _read_id(str(read_place(cursor, str)[0])) if cursor else None
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        await devices.read(connection, tenant, code)  # one that is not there has none
        rows = await device_waves.list_events(connection, tenant, code, before, limit + 1)
    following = write_place(str(rows[limit - 1].id)) if len(rows) > limit else ""
    return DeviceEventPage(items=tuple([_show_event(r) for r in rows[:limit]]), next=following)


@post(_CODE + "/events", **_write("addDeviceEvent"), status_code=201)
async def add_event(
    code: FromPath[str], data: JSONBody[DeviceEventWish], request: Ask
) -> DeviceEventView:
    """Write what was done to a device into its history."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection, connection.transaction():
        await device_waves.serve(
            connection,
            held.tenant,
            code,
            data.what,
            held.actor,
            hub.clock(),
            note=data.note,
            parts=data.parts,
        )
        rows = await device_waves.list_events(connection, held.tenant, code, None, 1)
    return _show_event(rows[0])


ROUTES: Final = [
    list_devices,
    put_devices,
    read_device,
    list_waves,
    read_wave,
    judge_wave,
    reset_device,
    list_events,
    add_event,
]
