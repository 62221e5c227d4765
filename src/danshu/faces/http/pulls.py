"""The pull check over HTTP: the shops whose platforms list their orders, and carriers' scans."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, delete, get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.placing import Instant
from danshu.hub import sentinel_coverage, sentinel_scans, sentinel_shops, sentinel_trial
from danshu.hub.fields import PLAIN
from danshu.hub.sentinel_coverage import PullCoverage
from danshu.hub.sentinel_shops import NewShop, PullPlatform, Shop
from danshu.hub.sentinel_trial import PullTrial
from danshu.kernel.limits import PULL_EVERY_S_MIN, PULL_WINDOW_DAYS, SCANS_AT_ONCE

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Secret = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class PulledShops(Struct, frozen=True, kw_only=True):
    """The merchant's shops that are pulled, without what opens them; and the platforms that can
    list, with what each asks for.
    """

    items: tuple[Shop, ...]
    platforms: tuple[PullPlatform, ...]


class PulledShop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop to pull: its channel and name as its orders carry them; `adapter` lists its orders,
    "" where its numbers alone are watched. An empty key, secret or token keeps the one there is.
    """

    channel: Name
    shop: Name
    adapter: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    key: Secret = ""
    secret: Secret = ""
    token: Secret = ""
    every_s: Annotated[int, Meta(ge=PULL_EVERY_S_MIN, le=86_400)] = 60
    is_sequence: bool = False


class PulledTurn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop that rests from now on, or is pulled again from where it rested."""

    channel: Name
    shop: Name
    is_on: bool


class Scan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parcel that a carrier scanned."""

    waybill: Name
    at: Instant


class Scans(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a carrier scanned for this merchant."""

    carrier: Name
    items: Annotated[tuple[Scan, ...], Meta(min_length=1, max_length=SCANS_AT_ONCE)]


class ScansTaken(Struct, frozen=True, kw_only=True):
    """How many scans are new."""

    taken: int


@get("/v1/pulls", **declare_read("listPulledShops", "findings", "account.admin"))
async def list_pulled_shops(request: Request[Any, Any, Any]) -> PulledShops:
    """List the shops that are pulled: how far, when, and what is wrong."""
    return await _all(request)


@put("/v1/pulls", **declare_write("putPulledShop", "findings", "account.admin"))
async def put_pulled_shop(
    data: JSONBody[PulledShop], request: Request[Any, Any, Any]
) -> PulledShops:
    """Pull a shop, or change how it is pulled."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await sentinel_shops.put(connection, held.tenant, _new(data), held.actor, hub.clock())
    return await _all(request)


def _new(data: PulledShop) -> NewShop:
    return NewShop(
        channel=data.channel,
        shop=data.shop,
        adapter=data.adapter,
        url=data.url.rstrip("/"),
        key=data.key,
        secret=data.secret,
        token=data.token,
        every_s=data.every_s,
        is_sequence=data.is_sequence,
    )


@post(
    "/v1/pulls/try",
    operation_id="tryPulledShop",
    tags=["findings"],
    responses=PROBLEMS,
    guards=[may("account.admin"), only_json],
    status_code=200,
)
async def try_pulled_shop(data: JSONBody[PulledShop], request: Request[Any, Any, Any]) -> PullTrial:
    """Ask a shop's platform once, as it would be pulled; nothing is kept or written."""
    return await sentinel_trial.run(hub_of(request), held_of(request).tenant, _new(data))


@post(
    "/v1/pulls/turn",
    operation_id="turnPulledShop",
    tags=["findings"],
    responses=PROBLEMS,
    guards=[may("account.admin"), only_json],
    status_code=200,
)
async def turn_pulled_shop(
    data: JSONBody[PulledTurn], request: Request[Any, Any, Any]
) -> PulledShops:
    """Let a shop rest, or pull it again: what changed meanwhile is listed then."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await sentinel_shops.turn(
            connection, held.tenant, data.channel, data.shop, held.actor, is_on=data.is_on
        )
    return await _all(request)


@get(
    "/v1/pulls/coverage",
    operation_id="getPullCoverage",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("account.admin")],
)
async def get_pull_coverage(
    request: Request[Any, Any, Any],
    channel: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
    shop: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
    hours: Annotated[int, QueryParameter(ge=1, le=24 * PULL_WINDOW_DAYS)] = 24,
) -> PullCoverage:
    """Give which windows of a shop's listing were compared, and which numbers it skipped."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await sentinel_coverage.read(
            connection, held_of(request).tenant, channel, shop, hours, hub.clock()
        )


@delete(
    "/v1/pulls",
    operation_id="dropPulledShop",
    tags=["findings"],
    responses=READ_PROBLEMS,
    guards=[may("account.admin")],
    status_code=204,
)
async def drop_pulled_shop(
    request: Request[Any, Any, Any],
    channel: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
    shop: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
) -> None:
    """Pull a shop no more; what was found stays."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await sentinel_shops.drop(connection, held.tenant, channel, shop, held.actor)


@post(
    "/v1/carrier-scans",
    operation_id="tellCarrierScans",
    tags=["findings"],
    responses=PROBLEMS,
    guards=[may("finding.work"), only_json],
    status_code=200,
)
async def tell_carrier_scans(data: JSONBody[Scans], request: Request[Any, Any, Any]) -> ScansTaken:
    """Take a carrier's scans: a parcel that no order knows becomes a finding."""
    scans = [(scan.waybill, scan.at) for scan in data.items]
    async with hub_of(request).connection() as connection:
        taken = await sentinel_scans.take(connection, held_of(request).tenant, data.carrier, scans)
    return ScansTaken(taken=taken)


async def _all(request: Request[Any, Any, Any]) -> PulledShops:
    async with hub_of(request).connection() as connection:
        items = await sentinel_shops.read(connection, held_of(request).tenant)
    return PulledShops(items=items, platforms=sentinel_shops.list_platforms())


ROUTES: Final = [
    list_pulled_shops,
    put_pulled_shop,
    drop_pulled_shop,
    try_pulled_shop,
    turn_pulled_shop,
    get_pull_coverage,
    tell_carrier_scans,
]
