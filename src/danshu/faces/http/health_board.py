"""The health board 能力健康度仪表盘 over HTTP: twelve figures, far sides, windows, thresholds."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.weave.levels import Thresholds
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
)
from danshu.hub import health_views, health_windows
from danshu.hub.fields import PLAIN
from danshu.hub.health_views import HealthBoard, Range
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms

Ask = Request[Any, Any, Any]
Limit = Annotated[float, Meta(ge=0, le=1e12)] | None


class NewMaintenanceWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window to set: `scope` is all, a metric, connector:… or webhook:…; times are RFC 3339."""

    scope: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    begins: Annotated[str, Meta(max_length=40, pattern=PLAIN)]
    ends: Annotated[str, Meta(max_length=40, pattern=PLAIN)]


class NewThresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where a metric is blue, yellow, red, in its unit; None: it never is."""

    blue: Limit = None
    yellow: Limit = None
    red: Limit = None


async def _board(request: Ask, span: Range = "1h") -> HealthBoard:
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await health_views.read(connection, held_of(request).tenant, hub.clock(), span)


@get("/v1/health-board", **declare_read("readHealthBoard", "health", "health.read"))
async def read_board(
    request: Ask, span: Annotated[Range, QueryParameter(name="range")] = "1h"
) -> HealthBoard:
    """Read the twelve core metrics, each capability and far side, windows and incidents."""
    return await _board(request, span)


@post(
    "/v1/health-board/windows",
    **declare_write("setMaintenanceWindow", "health", "health.write"),
)
async def set_window(data: JSONBody[NewMaintenanceWindow], request: Ask) -> HealthBoard:
    """Suppress the alerts of a scope for a while, with a reason."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await health_windows.set_window(
            connection,
            held.tenant,
            held.actor,
            scope=data.scope,
            reason=data.reason,
            begins_ms=_ms(data.begins, "/begins"),
            ends_ms=_ms(data.ends, "/ends"),
            at_ms=hub.clock(),
        )
    return await _board(request)


@delete(
    "/v1/health-board/windows/{window_id:uuid}",
    operation_id="endMaintenanceWindow",
    tags=["health"],
    responses=PROBLEMS,
    guards=[may("health.write")],
    status_code=200,
)
async def end_window(window_id: FromPath[uuid.UUID], request: Ask) -> HealthBoard:
    """End a window before its time."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await health_windows.end_window(connection, held.tenant, held.actor, window_id, hub.clock())
    return await _board(request)


@put(
    "/v1/health-board/thresholds/{metric:str}",
    **declare_write("putHealthThresholds", "health", "health.write"),
)
async def put_thresholds(
    metric: FromPath[str], data: JSONBody[NewThresholds], request: Ask
) -> HealthBoard:
    """Say from where a metric is blue, yellow and red for this merchant."""
    return await _set(request, metric, Thresholds(blue=data.blue, yellow=data.yellow, red=data.red))


@delete(
    "/v1/health-board/thresholds/{metric:str}",
    operation_id="dropHealthThresholds",
    tags=["health"],
    responses=PROBLEMS,
    guards=[may("health.write")],
    status_code=200,
)
async def drop_thresholds(metric: FromPath[str], request: Ask) -> HealthBoard:
    """Go back to the thresholds as shipped."""
    return await _set(request, metric, None)


async def _set(request: Ask, metric: str, wanted: Thresholds | None) -> HealthBoard:
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await health_windows.set_thresholds(
            connection, held.tenant, held.actor, metric, wanted, hub.clock()
        )
    return await _board(request)


def _ms(text: str, at: str) -> int:
    try:
        return epoch_ms(text)
    except ValueError as error:
        raise InputError("bad_time", "not an RFC 3339 instant", at) from error


ROUTES: Final = [read_board, set_window, end_window, put_thresholds, drop_thresholds]
