"""Gauges 表计: where a fixed camera sees one, what its scale means, from when on it is a symptom.

A gauge is drawn on a picture that was sent as an original. What surrounds the region there is kept,
so that a camera that was moved is noticed.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.hub import devices, intent_graph, original_rows, perceiving
from danshu.hub.fields import Code, Word
from danshu.hub.selling_masters import say_imported
from danshu.kernel.errors import InputError
from danshu.kernel.limits import DOCUMENT_SIDE_PIXELS, GAUGES, INTEGER_MAX
from danshu.ledger import blobs
from danshu.ports.modality import Original

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_Pixel = Annotated[int, Meta(ge=0, le=DOCUMENT_SIDE_PIXELS)]
_Milli = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
_PUT: Final = """
insert into gauges(tenant,device,code,body,template,active) values(%s,%s,%s,%s::jsonb,%s,%s)
on conflict (tenant,device,code) do update set body=excluded.body, template=excluded.template,
active=excluded.active, at=now()
"""
_LIST: Final = "select body::text from gauges where tenant=%s order by device, code limit %s"
_FIND: Final = """
select body::text, template from gauges where tenant=%s and device=%s and active
order by code limit 1
"""
_COUNT: Final = "select count(*) from gauges where tenant=%s"
_LOCK: Final = "select 1 from tenants where id=%s for update"


class DeviceGauge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gauge of a device, drawn on a picture of `width` x `height` pixels as `box` (x, y, width,
    height). `low`, `high` are the ends of its scale and `low_at`, `high_at` thresholds, all in
    thousandths of `unit`; below or above them it is `low_symptom`, `high_symptom` (codes of the
    intent graph, "" = none). Of a dial `start_deg` is the lower end, clockwise from 12 o'clock,
    `sweep_deg` how far it is to the upper one.
    """

    device: Code
    code: Code = "gauge"
    kind: Literal["level", "dial"]
    width: _Pixel
    height: _Pixel
    box: tuple[_Pixel, _Pixel, _Pixel, _Pixel]
    start_deg: Annotated[int, Meta(ge=0, lt=360)] = 225
    sweep_deg: Annotated[int, Meta(ge=10, le=350)] = 270
    low: _Milli = 0
    high: _Milli = 100_000
    unit: Word = "%"
    low_symptom: Word = ""
    low_at: _Milli = 0
    high_symptom: Word = ""
    high_at: _Milli = 0
    active: bool = True


async def list_rows(connection: Connection, tenant: int) -> tuple[DeviceGauge, ...]:
    """List every gauge by device."""
    cursor = await connection.execute(_LIST, (tenant, GAUGES))
    return tuple([_read(body) for (body,) in await cursor.fetchall()])


def _read(body: str) -> DeviceGauge:
    return msgspec.json.decode(body, type=DeviceGauge)


async def put(
    hub: Hub, tenant: int, gauge: DeviceGauge, original: uuid.UUID, actor: Actor
) -> float | None:
    """Write a gauge as it is drawn on the picture of an original; gives what is read there, None
    where nothing can be.

    Raises InputError: `no_device`, `no_original`, `unknown_symptom`, `bad_gauge` where the region
    does not lie within the picture, `too_many`; NotAvailable without the extra `vision`.
    """
    template, value = await _look(hub, tenant, gauge, original)
    async with hub.connection() as connection, connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        await devices.read(connection, tenant, gauge.device)
        index = await intent_graph.load(connection, tenant)
        for name in ("low_symptom", "high_symptom"):
            symptom = getattr(gauge, name)
            if symptom and symptom not in index.symptoms:
                why = f"the intent graph has no symptom {symptom!r}"
                raise InputError("unknown_symptom", why, f"/gauge/{name}")
        body = msgspec.json.encode(gauge).decode()
        told = (tenant, gauge.device, gauge.code, body, template, gauge.active)
        await connection.execute(_PUT, told)
        found = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        assert found is not None
        if found[0] > GAUGES:
            raise InputError("too_many", f"at most {GAUGES} gauges")
        await say_imported(connection, tenant, actor, "gauge", [gauge])
    return value


async def _look(
    hub: Hub, tenant: int, gauge: DeviceGauge, id_: uuid.UUID
) -> tuple[bytes, float | None]:
    """Look at the picture that a gauge is drawn on: what surrounds the region, and its value."""
    async with hub.connection() as connection:
        row = await original_rows.find(connection, tenant, id_)
        found = await blobs.read(connection, tenant, bytes.fromhex(row.digest))
    if found is None:
        raise InputError("no_original", "the picture was erased", "/original")
    picture = Original(body=found[1], media_type=row.media_type, digest=row.digest)
    seen = await perceiving.perceive(
        hub, tenant, "gauge", picture, {"gauge": hint(gauge, b""), "device": gauge.device}
    )
    border = next((s.values for s in seen.series if s.name == "border"), ())
    if not border or "moved_camera" in seen.troubles:
        raise InputError("bad_gauge", "the region lies outside of the picture", "/gauge/box")
    return bytes([min(255, max(0, round(v))) for v in border]), seen.figures.get("value")


def hint(gauge: DeviceGauge, template: bytes) -> dict[str, object]:
    """Give what a perceiver needs of a gauge, and the modality beside it."""
    told: dict[str, object] = msgspec.to_builtins(gauge)
    ends = {"low": gauge.low / 1000, "high": gauge.high / 1000}
    return {**told, **ends, "template": base64.b64encode(template).decode()}


async def look_up(connection: Connection, tenant: int, device: str) -> Mapping[str, object]:
    """Give what reading the gauge of a device needs, {} where none is drawn."""
    row = await (await connection.execute(_FIND, (tenant, device))).fetchone()
    return hint(_read(row[0]), bytes(row[1])) if row else {}
