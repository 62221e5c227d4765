"""The notice service over HTTP: through which people are told of breaches."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    declare_read,
    declare_write,
    held_of,
    hub_of,
)
from danshu.hub import notices, outside
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.ports import registry

Ask = Request[Any, Any, Any]


class NoticeSettings(Struct, frozen=True, kw_only=True):
    """Through which service people are told of breaches; its secret stays in."""

    adapter: str
    url: str
    adapters: tuple[str, ...]


class NewNoticeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`adapter` "" connects no service; `secret` "" keeps the one that is there."""

    adapter: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""


def _show(found: notices.Settings) -> NoticeSettings:
    return NoticeSettings(adapter=found.adapter, url=found.url, adapters=registry.names("notice"))


@get("/v1/notice-settings", **declare_read("getNoticeSettings", "requests", "merchant.read"))
async def get_notice_settings(request: Ask) -> NoticeSettings:
    """Read through which service people are told of breaches."""
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        return _show(await notices.read_settings(connection, tenant))


@put("/v1/notice-settings", **declare_write("putNoticeSettings", "requests", "merchant.write"))
async def put_notice_settings(data: JSONBody[NewNoticeSettings], request: Ask) -> NoticeSettings:
    """Connect the service through which people are told of breaches."""
    hub, held = hub_of(request), held_of(request)
    if data.adapter and data.adapter not in registry.names("notice"):
        raise InputError("bad_field", "no such notice service", "/adapter")
    if data.adapter:
        outside.check_url(data.url)
    async with hub.connection() as connection:
        before = await notices.read_settings(connection, held.tenant)
        wanted = notices.Settings(
            adapter=data.adapter,
            url=data.url if data.adapter else "",
            secret=(data.secret or before.secret) if data.adapter else "",
        )
        await notices.configure(connection, held.tenant, held.actor, wanted, hub.clock())
        return _show(wanted)


ROUTES: Final = [get_notice_settings, put_notice_settings]
