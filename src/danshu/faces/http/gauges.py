"""表计 gauges of fixed cameras: listed, and drawn on a picture that was sent."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, get, put
from litestar.params import JSONBody
from msgspec import Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.hub import gauges
from danshu.hub.gauges import DeviceGauge


class GaugeList(Struct, frozen=True, kw_only=True):
    """Every gauge by device."""

    items: tuple[DeviceGauge, ...]


class GaugeDrawn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gauge and the original (a picture) that it is drawn on."""

    gauge: DeviceGauge
    original: uuid.UUID


class GaugeRead(Struct, frozen=True, kw_only=True):
    """What is read on the picture now, thousandths of the gauge's unit; None: nothing can be."""

    value: int | None


@get("/v1/gauges", **declare_read("listGauges", "devices", "device.read"))
async def list_gauges(request: Request[Any, Any, Any]) -> GaugeList:
    """List the gauges that fixed cameras see."""
    async with hub_of(request).connection() as connection:
        return GaugeList(items=await gauges.list_rows(connection, held_of(request).tenant))


@put("/v1/gauges", **declare_write("putGauge", "devices", "device.write"))
async def put_gauge(data: JSONBody[GaugeDrawn], request: Request[Any, Any, Any]) -> GaugeRead:
    """Write a gauge by device and code, as it is drawn on a picture; gives what is read there."""
    held = held_of(request)
    value = await gauges.put(hub_of(request), held.tenant, data.gauge, data.original, held.actor)
    return GaugeRead(value=None if value is None else round(value * 1000))


ROUTES: Final = [list_gauges, put_gauge]
