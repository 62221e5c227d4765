"""Alert channels over HTTP: which groups and mailboxes are told of incidents."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import alert_channels, alerts
from danshu.hub.alert_channels import AlertChannel, Channel
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import ORDER_BODY_BYTES
from danshu.ports import registry

Ask = Request[Any, Any, Any]


class AlertChannels(Struct, frozen=True, kw_only=True):
    """A merchant's channels, and the kinds that there are."""

    items: tuple[AlertChannel, ...]
    adapters: tuple[str, ...]


class NewAlertChannel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel; an empty `url` or `secret` keeps the one that is there. `grade` is the least grave
    grade that it is told of.
    """

    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    adapter: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    url: Annotated[str, Meta(max_length=1000, pattern=PLAIN)] = ""
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    lang: Literal["zh", "en"] = "zh"
    grade: Literal["red", "yellow", "blue"] = "yellow"
    is_on: bool = True


class AlertTrial(Struct, frozen=True, kw_only=True):
    """What became of a test: `trouble` is "" when the far side took it."""

    trouble: str


@get(
    "/v1/alert-channels",
    operation_id="listAlertChannels",
    tags=["merchant"],
    responses=READ_PROBLEMS,
    guards=[may("merchant.read")],
)
async def list_channels(request: Ask) -> AlertChannels:
    """Read which groups and mailboxes are told of incidents."""
    async with hub_of(request).connection() as connection:
        return await _show(connection, held_of(request).tenant)


async def _show(connection: alert_channels.Connection, tenant: int) -> AlertChannels:
    items = await alert_channels.read(connection, tenant)
    return AlertChannels(items=items, adapters=registry.names("alert"))


async def _keep(request: Ask, no: int, data: NewAlertChannel) -> AlertChannels:
    held = held_of(request)
    wanted = Channel(
        name=data.name,
        adapter=data.adapter,
        url=data.url.strip(),
        secret=data.secret,
        lang=data.lang,
        grade=data.grade,
        is_on=data.is_on,
    )
    async with hub_of(request).connection() as connection:
        await alert_channels.keep(connection, held.tenant, held.actor, no, wanted)
        return await _show(connection, held.tenant)


@post(
    "/v1/alert-channels",
    operation_id="addAlertChannel",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
    status_code=200,
)
async def add_channel(data: JSONBody[NewAlertChannel], request: Ask) -> AlertChannels:
    """Have a group or mailbox told of incidents."""
    return await _keep(request, 0, data)


@put(
    "/v1/alert-channels/{no:int}",
    operation_id="putAlertChannel",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def put_channel(
    no: FromPath[int], data: JSONBody[NewAlertChannel], request: Ask
) -> AlertChannels:
    """Change a channel."""
    if not 0 < no < 2**31:
        raise alert_channels.NO_CHANNEL
    return await _keep(request, no, data)


@delete(
    "/v1/alert-channels/{no:int}",
    operation_id="deleteAlertChannel",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write")],
    status_code=200,
)
async def delete_channel(no: FromPath[int], request: Ask) -> AlertChannels:
    """Remove a channel with what waits for it."""
    held = held_of(request)
    if not 0 < no < 2**31:
        raise alert_channels.NO_CHANNEL
    async with hub_of(request).connection() as connection:
        await alert_channels.drop(connection, held.tenant, held.actor, no)
        return await _show(connection, held.tenant)


@post(
    "/v1/alert-channels/{no:int}/test",
    operation_id="testAlertChannel",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write")],
    status_code=200,
)
async def test_channel(no: FromPath[int], request: Ask) -> AlertTrial:
    """Send a test through a channel, now; what the far side says comes back."""
    hub, held = hub_of(request), held_of(request)
    if not 0 < no < 2**31:
        raise alert_channels.NO_CHANNEL
    async with hub.connection() as connection:
        channel = await alert_channels.take(connection, held.tenant, no)
    try:
        await alerts.try_out(channel, no, held.tenant, hub.clock())
    except (NotAvailable, InputError) as error:
        return AlertTrial(trouble=error.detail)
    return AlertTrial(trouble="")


ROUTES: Final = [list_channels, add_channel, put_channel, delete_channel, test_channel]
