"""What a licensee does with its own key 被授权方: fetches deliveries, asks the clean room.

A key of the role `partner` can do nothing else, and this only for the licence that it is bound to.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import File
from msgspec import Meta, Struct

from danshu.capabilities.licensing.asking import BroughtKeys
from danshu.capabilities.licensing.model import CleanRoom, day_of
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.jobs import runner_of
from danshu.hub import clean_room, licence_deliveries, licence_rows
from danshu.hub.clean_room import RoomAnswer
from danshu.hub.export_files import MEDIA
from danshu.hub.licence_rows import LicenceRow
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import CLEAN_ROOM_CHARS, CLEAN_ROOM_KEYS

Ask = Request[Any, Any, Any]
_TAG: Final = "licensed"
_RIGHT: Final = "licence.use"
Delivery = Annotated[uuid.UUID, QueryParameter(description="the `id` of the delivery")]
_KEY_BYTES: Final = 80  # a hash in JSON, with room


class RoomCard(Struct, frozen=True, kw_only=True):
    """What may be asked, and what is left of today. `salt` is today's, for the hashes of values
    that the licensee brings: SHA-256 (hex) of salt and value, UTF-8.
    """

    licence: int
    asset: str
    purpose: str
    since: str
    until: str
    columns: tuple[str, ...]
    room: CleanRoom | None
    queries_left: int
    budget_left: int
    salt: str


class RoomAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in the small part of SQL of docs/reference/valuation.md; `keys` are values that
    the licensee brings, kept nowhere.
    """

    sql: Annotated[str, Meta(min_length=1, max_length=CLEAN_ROOM_CHARS)]
    keys: BroughtKeys | None = None


class LicensedFile(Struct, frozen=True, kw_only=True):
    """A file that was delivered: rows, SHA-256, when."""

    id: uuid.UUID
    rows: int
    digest: str
    at: str


class LicensedFiles(Struct, frozen=True, kw_only=True):
    """The deliveries of a licence, the newest first."""

    items: tuple[LicensedFile, ...]


async def _bound(request: Ask) -> LicenceRow:
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        return await licence_deliveries.bound(connection, held.tenant, held.caller.key)


@get("/v1/clean-room", **declare_read("readCleanRoom", _TAG, _RIGHT))
async def read_room(request: Ask) -> RoomCard:
    """Read what the licence of this key lets it ask."""
    row = await _bound(request)
    _, queries, budget, salt = await clean_room.describe(
        hub_of(request), held_of(request).tenant, row.id
    )
    terms = row.terms
    return RoomCard(
        licence=row.no,
        asset=terms.asset,
        purpose=terms.purpose,
        since=terms.since.isoformat(),
        until=terms.until.isoformat(),
        columns=terms.columns,
        room=terms.clean_room,
        queries_left=queries,
        budget_left=budget,
        salt=salt,
    )


@post(
    "/v1/clean-room/queries",
    **{
        **declare_write("askCleanRoom", _TAG, _RIGHT, CLEAN_ROOM_KEYS * _KEY_BYTES),
        "status_code": 200,
    },
)
async def ask_room(request: Ask, data: JSONBody[RoomAsked]) -> Response[RoomAnswer]:
    """Ask for sums over the licensed asset; answered with noise, counted for the statement."""
    row = await _bound(request)
    held = held_of(request)
    told = await clean_room.ask(
        hub_of(request), held.tenant, row.id, data.sql, data.keys, held.actor
    )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(told)


@get("/v1/licensed/deliveries", **declare_read("listLicensedFiles", _TAG, _RIGHT))
async def list_files(request: Ask) -> LicensedFiles:
    """List the files that were delivered under the licence of this key."""
    row, hub = await _bound(request), hub_of(request)
    async with hub.connection() as connection:
        uses = await licence_rows.list_usage(
            connection,
            held_of(request).tenant,
            row.id,
            row.terms.since,
            day_of(hub.clock()),
        )
    items = [
        LicensedFile(
            id=one.id,
            rows=one.rows,
            digest=one.digest,
            at=rfc3339(round(one.at.timestamp() * 1000)),
        )
        for one in reversed(uses)
        if one.job is not None
    ]
    return LicensedFiles(items=tuple(items))


@get(
    "/v1/licensed/file",
    **{**declare_read("fetchLicensedFile", _TAG, _RIGHT), "media_type": "application/octet-stream"},
)
async def fetch_file(delivery: Delivery, request: Ask) -> Response[Any]:
    """Fetch a delivered file, for as long as the licence holds and the file is kept."""
    row, hub = await _bound(request), hub_of(request)
    async with hub.connection() as connection:
        told = await licence_deliveries.find_file(
            connection,
            held_of(request).tenant,
            row,
            delivery,
            runner_of(request).folder,
            hub.clock(),
        )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    place, result, _ = told
    return File(
        path=place,
        filename=f"{row.terms.asset}-{row.no}.{result.form}",
        media_type=MEDIA[result.form],
        headers={"x-content-sha256": result.digest, "cache-control": "no-store"},
    )


ROUTES: Final = [read_room, ask_room, list_files, fetch_file]
