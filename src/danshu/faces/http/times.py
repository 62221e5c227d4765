"""Trusted time: the clock and its sources, time-stamp tokens of the merchant's books."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import time_views
from danshu.hub.time_views import TimeView, TokenRow
from danshu.kernel.limits import INTEGER_MAX, PAGE_ROWS
from danshu.ledger import stamps

_REPLY: Final = "application/timestamp-reply"
_LAST: Final = (INTEGER_MAX, "\U0010ffff", "\U0010ffff")


class Tokens(Struct, frozen=True, kw_only=True):
    """Tokens of a book, newest checkpoint first; `next` is "" at the end."""

    half: str
    tokens: tuple[TokenRow, ...]
    next: str


class TokenAsked(Struct, frozen=True, kw_only=True):
    """A token was asked for, over the checkpoint of `size` leaves or a later one."""

    half: str
    size: int


@get(
    "/v1/time",
    operation_id="getTime",
    tags=["time"],
    responses=READ_PROBLEMS,
    guards=[may("time.read")],
)
async def get_time(request: Request[Any, Any, Any]) -> TimeView:
    """Read where the clock stands, what its sources say, and how far the books are stamped."""
    async with hub_of(request).connection() as connection:
        return await time_views.read(connection, held_of(request).tenant)


@get(
    "/v1/books/{half:str}/tokens",
    operation_id="listTokens",
    tags=["time"],
    responses=READ_PROBLEMS,
    guards=[may("time.read")],
)
async def list_tokens(
    half: FromPath[str],
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> Tokens:
    """List the time-stamp tokens of a book (RFC 3161), each over one checkpoint."""
    tenant = held_of(request).tenant
    place: tuple[Any, ...] = tuple(read_place(cursor, int, str, str)) if cursor else _LAST
    async with hub_of(request).connection() as connection:
        await time_views.signed_size(connection, tenant, half)
        found = await stamps.page_tokens(
            connection, tenant, half, (place[0], place[1], place[2]), limit + 1
        )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return Tokens(
        half=half,
        tokens=tuple(time_views.row_of(token) for token in page),
        next=write_place(last.size, last.algorithm, last.authority) if last else "",
    )


@get(
    "/v1/books/{half:str}/tokens/{size:int}/{algorithm:str}",
    operation_id="getToken",
    tags=["time"],
    responses={
        **READ_PROBLEMS,
        200: ResponseSpec(
            bytes,
            media_type=_REPLY,
            description="The authority's answer, TimeStampResp in DER: a file .tsr",
            generate_examples=False,
        ),
    },
    guards=[may("time.read")],
    media_type=_REPLY,
)
async def get_token(
    half: FromPath[str],
    size: FromPath[int],
    algorithm: FromPath[Literal["sha256", "sm3"]],
    request: Request[Any, Any, Any],
    authority: Annotated[
        str, QueryParameter(max_length=500, description="its address; left out: the first one")
    ] = "",
) -> Response[bytes]:
    """Fetch a token over the checkpoint of `size` leaves, as its authority sent it."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        token = await time_views.find(connection, tenant, half, size, algorithm, authority)
    name = f'attachment; filename="{half}-{size}.{algorithm}.tsr"'
    return Response(token.token, media_type=_REPLY, headers={"content-disposition": name})


@post(
    "/v1/books/{half:str}/stamp",
    operation_id="askToken",
    tags=["time"],
    status_code=202,
    responses=PROBLEMS,
    guards=[may("time.stamp")],
)
async def ask_token(half: FromPath[str], request: Request[Any, Any, Any]) -> TokenAsked:
    """Ask for a token over the newest checkpoint of a book now, before its minute is over."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        size = await time_views.ask(connection, tenant, half)
    return TokenAsked(half=half, size=size)


ROUTES: Final = [get_time, list_tokens, get_token, ask_token]
