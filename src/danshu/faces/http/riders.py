"""The rider's page, by a link of their own: open calls as they come (SSE), offers, answers.

Nobody signs in here; whoever holds the token speaks for one party and sees a warehouse and a region
until the award is theirs to carry, then the address. A token that opens nothing tells nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Meta, Struct

from danshu.capabilities.routing.negotiation import messages
from danshu.faces.http import cookies, rider_pages
from danshu.faces.http.customer import HEADERS
from danshu.faces.http.framework import hub_of
from danshu.faces.http.hot import check_json
from danshu.faces.http.negotiations import refused
from danshu.faces.http.problems import of_decoding
from danshu.hub import links, negotiating, negotiation_rider, parties
from danshu.hub.compose import Hub
from danshu.hub.fields import PLAIN
from danshu.hub.links import Token
from danshu.hub.negotiation_rider import CallView
from danshu.hub.throttle import Key, Throttle, network
from danshu.kernel.errors import Busy, InputError, Refusal
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    LANE_FEN,
    LIVE_S,
    NEGOTIATION_SHIFT_MIN,
    ORDER_BODY_BYTES,
    RIDER_STREAMS,
)

_TOKEN_CHARS: Final = 100
_VALID_MS: Final = 300_000  # what a rider offers binds for so long
_LOOK_S: Final = 0.5
_QUIET_S: Final = 15.0
_JSON: Final = "application/json"
Ask = Request[Any, Any, Any]
Short = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+\-]+$")]
Fen = Annotated[int, Meta(ge=0, le=LANE_FEN)]


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rider says. `id` is the message's own: sent again, it is heard once. `propose` names a
    window, a fee and the minutes until arrival; the others what they answer.
    """

    id: Word
    kind: Literal["propose", "decline", "retract", "confirm", "refuse", "counter"]
    window: Short = ""
    fee_fen: Fen = 0
    minutes: Annotated[int, Meta(ge=0, le=10_080)] = 0
    award: Short = ""
    proposal: Short = ""
    shift_min: Annotated[int, Meta(ge=-NEGOTIATION_SHIFT_MIN, le=NEGOTIATION_SHIFT_MIN)] = 0
    reason: Short = ""


class Calls(Struct, frozen=True, kw_only=True):
    """What a rider's page shows; `now` is the hub's clock."""

    party: str
    name: str
    equipment: str
    now: str
    calls: tuple[CallView, ...]


class RiderDoor:
    """What stands before the riders' tokens: their key, the count of bad ones, open streams."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._key = b""
        self._throttle = Throttle()
        self.streams = 0

    async def admit(self, scope: Any, text: str) -> tuple[Token, str]:
        """Read a token; gives it with its party. Raises TooOften, InputError `no_link`."""
        address = network(cookies.visitor(scope).address)
        counted: list[Key] = [("address", 0, "", address)]
        self._throttle.attempt(counted, time.monotonic())
        async with self._hub.connection() as connection:
            self._key = self._key or await parties.load_key(connection)
            token = links.read(self._key, text) if len(text) <= _TOKEN_CHARS else None
            if token is None:
                raise links.NO_LINK
            party = await parties.look_up(connection, token, self._hub.clock())
        self._throttle.succeed(counted)
        return token, party


def _door(request: Ask) -> RiderDoor:
    door: RiderDoor = request.app.state.riders
    return door


@get("/r/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def read_page(token: FromPath[str], request: Ask) -> Response[Any]:
    """Show a rider the page; what is on it comes by the stream."""
    asked = request.query_params.get("lang", "")
    lang = rider_pages.choose_lang(asked, request.headers.get("accept-language", ""))
    nonce = secrets.token_urlsafe(16)
    status = 200
    try:
        await _door(request).admit(request.scope, token)
        text = rider_pages.render(lang=lang, nonce=nonce, base=f"/r/{token}")
    except InputError:
        status, text = 404, rider_pages.gone(lang=lang, nonce=nonce)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {**HEADERS, "content-security-policy": policy}
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers)


@get("/r/{token:str}/calls", include_in_schema=False)
async def read_calls(token: FromPath[str], request: Ask) -> Response[Any]:
    """Give what the rider may answer now."""
    given, party = await _door(request).admit(request.scope, token)
    return Response(await _calls(hub_of(request), given, party), headers=HEADERS)


async def _calls(hub: Hub, token: Token, party: str) -> Calls:
    world = await hub.worlds.ensure(token.tenant)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        who = await parties.read_party(connection, token.tenant, party)
        found = await negotiation_rider.of_party(connection, world, party, now_ms)
    return Calls(
        party=party,
        name=who.name,
        equipment=who.equipment,
        now=rfc3339(now_ms),
        calls=tuple(found),
    )


@get("/r/{token:str}/stream", include_in_schema=False)
async def listen(token: FromPath[str], request: Ask) -> Stream:
    """Follow the rider's calls (SSE): one event `calls` whenever they change."""
    door, hub = _door(request), hub_of(request)
    given, party = await door.admit(request.scope, token)
    if door.streams >= RIDER_STREAMS:
        raise Busy("too many riders listen", 5)
    headers = {**HEADERS, "x-accel-buffering": "no"}
    return Stream(_chunks(door, hub, given, party), media_type="text/event-stream", headers=headers)


async def _chunks(door: RiderDoor, hub: Hub, token: Token, party: str) -> AsyncIterator[bytes]:
    end_s, spoke_s, last = time.monotonic() + LIVE_S, time.monotonic(), b""
    door.streams += 1
    try:
        yield b"retry: 2000\n\n"
        while time.monotonic() < end_s:
            calls = await _calls(hub, token, party)
            shown = msgspec.json.encode(calls.calls)
            if shown != last:
                last, spoke_s = shown, time.monotonic()
                yield b"event: calls\ndata: " + msgspec.json.encode(calls) + b"\n\n"
            elif time.monotonic() - spoke_s > _QUIET_S:
                spoke_s = time.monotonic()
                yield b": still here\n\n"
            await asyncio.sleep(_LOOK_S)
    finally:
        door.streams -= 1


@post(
    "/r/{token:str}/calls/{negotiation:uuid}/messages",
    include_in_schema=False,
    request_max_body_size=ORDER_BODY_BYTES,
    status_code=200,
)
async def speak(
    token: FromPath[str], negotiation: FromPath[uuid.UUID], request: Ask
) -> Response[Any]:
    """Hear what a rider says of a call; the same message again gets the same answer."""
    hub = hub_of(request)
    given, party = await _door(request).admit(request.scope, token)
    check_json(request.headers.get("content-type", "").encode("latin-1"))
    body = await request.body()
    try:
        said = msgspec.json.decode(body, type=Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise of_decoding(error, body) from error
    world = await hub.worlds.ensure(given.tenant)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        who = await parties.read_party(connection, given.tenant, party)
        actor = Actor(sub=party, role="carrier", grade="D")
        told = await negotiating.hear(
            connection, world, negotiation, actor, _spoke(said, who, now_ms), now_ms
        )
    if isinstance(told, Refusal):
        return refused(told)
    return Response(await _calls(hub, given, party), headers=HEADERS)


def _spoke(said: Said, who: parties.Party, now_ms: int) -> messages.Spoke:
    # what was said, without the moment at which it came: it may come twice
    digest = hashlib.sha256(msgspec.json.encode(said)).hexdigest()
    by: dict[str, Any] = {"digest": digest, "message": said.id, "party": who.code}
    match said.kind:
        case "propose":
            return messages.Propose(
                **by,
                window=said.window,
                fee_fen=said.fee_fen,
                eta_ms=now_ms + said.minutes * 60_000,
                valid_ms=now_ms + _VALID_MS,
                accept_permille=who.accept_permille,
                equipment=who.equipment,
            )
        case "decline":
            return messages.Decline(**by, reason=said.reason)
        case "retract":
            return messages.Retract(**by, proposal=said.proposal)
        case "confirm":
            number = f"{who.code}-{said.award}"
            return messages.Confirm(**by, award=said.award, number=number)
        case "refuse":
            return messages.Refuse(**by, award=said.award, reason=said.reason)
        case _:
            return messages.Counter(
                **by, award=said.award, fee_fen=said.fee_fen, shift_min=said.shift_min
            )


ROUTES: Final = [read_page, read_calls, listen, speak]
