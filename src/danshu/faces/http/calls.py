"""Orders by telephone: a call is opened, turns are heard, what to say next is answered.

For switchboards and IVR systems: sound or words a turn over HTTP, or the line itself over a
WebSocket (RFC 6455): binary messages of 20 ms, μ-law or 16-bit samples at 8 kHz, as media gateways
send them.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, WebSocket, delete, get, post, put, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.intake import telephony
from danshu.faces.http import problems
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    raw_body,
    respond,
)
from danshu.faces.http.hot import explain
from danshu.faces.http.voice_stream import identify
from danshu.hub import calls, telephone_voice
from danshu.hub.calls import Call
from danshu.hub.fields import PLAIN, Code, Word
from danshu.hub.telephone_voice import Voice
from danshu.kernel.errors import Busy, DanshuError, InputError, Refusal
from danshu.kernel.limits import (
    DIALOGUE_S,
    MEDIA_STREAMS,
    TURN_BYTES,
    TURN_MOST_MS,
    TURN_PAUSE_MS,
)

_ID: Final = "/v1/calls/{call:uuid}"
_FRAME_BYTES: Final = 32_000
_NORMAL, _REFUSED = 1000, 4400
_LATE: Final = InputError("bad_stream", f"nothing came for {DIALOGUE_S} s")
_Text = Annotated[str, Meta(max_length=2_000, pattern=PLAIN)]


class OpenCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who calls (any number; kept as a pseudonym), and for which store or customer, where the line
    that was called tells.
    """

    caller: Word = ""
    store: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    customer: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    lang: Literal["zh", "en"] = "zh"


class SetVoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voice that callers hear; a secret that is left out stays as it is."""

    adapter: Code
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    options: dict[Word, _Text] = {}
    secrets: dict[Word, _Text] = {}


@post("/v1/calls", **declare_write("openCall", "originals", "original.write"))
async def open_call(data: JSONBody[OpenCall], request: Request[Any, Any, Any]) -> Call:
    """Answer a call; gives what to say first."""
    return await calls.open_call(
        hub_of(request),
        held_of(request).tenant,
        caller=data.caller,
        store=data.store,
        customer=data.customer,
        lang=data.lang,
    )


@post(
    f"{_ID}/turns",
    operation_id="takeTurn",
    tags=["originals"],
    responses=PROBLEMS,
    guards=[may("original.write")],
    status_code=200,
    request_max_body_size=TURN_BYTES,
    operation_class=raw_body(
        "What was said: sound (WAV), or words, or digits that were pressed, as text",
        "audio/wav",
        "text/plain",
    ),
)
async def take_turn(call: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Response[Call]:
    """Hear one turn; gives what to say next, and what became of it at the end."""
    held = held_of(request)
    media_type = request.headers.get("content-type", "")
    body = await request.body()
    got = await calls.take_turn(hub_of(request), held.tenant, call, body, media_type, held.actor)
    return respond(problems.of(got)) if isinstance(got, Refusal) else Response(got)


@get(_ID, **declare_read("readCall", "originals", "original.read"))
async def read_call(call: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Call:
    """Give a call as it stands."""
    return await calls.read(hub_of(request), held_of(request).tenant, call)


@delete(
    _ID,
    operation_id="hangUp",
    tags=["originals"],
    responses=PROBLEMS,
    guards=[may("original.write")],
)
async def hang_up(call: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> None:
    """End a call; what was not agreed to goes to a person."""
    await calls.hang_up(hub_of(request), held_of(request).tenant, call)


@get("/v1/telephone/voice", **declare_read("readTelephoneVoice", "originals", "modality.read"))
async def read_voice(request: Request[Any, Any, Any]) -> Voice:
    """Give the voice that callers hear. 422 `no_voice` where none is set up."""
    async with hub_of(request).connection() as connection:
        found = await telephone_voice.read(connection, held_of(request).tenant)
    if found is None:
        raise telephone_voice.NO_VOICE
    return found


@put("/v1/telephone/voice", **declare_write("setTelephoneVoice", "originals", "modality.write"))
async def set_voice(data: JSONBody[SetVoice], request: Request[Any, Any, Any]) -> Voice:
    """Set the voice that callers hear."""
    held = held_of(request)
    wish = Voice(adapter=data.adapter, url=data.url, options=dict(data.options))
    async with hub_of(request).connection() as connection:
        return await telephone_voice.put(connection, held.tenant, wish, data.secrets, held.actor)


@get(
    "/v1/telephone/speech",
    **declare_read("speak", "originals", "original.read"),
    media_type="audio/wav",
)
async def speak(
    request: Request[Any, Any, Any],
    text: Annotated[str, QueryParameter(name="text", min_length=1, max_length=500, pattern=PLAIN)],
    lang: Annotated[str, QueryParameter(name="lang", pattern="^(zh|en)$")] = "zh",
) -> Response[bytes]:
    """Say a text with the merchant's voice."""
    kind, sound = await telephone_voice.speak(hub_of(request), held_of(request).tenant, text, lang)
    return Response(sound, media_type=kind, headers={"x-content-type-options": "nosniff"})


_streams: set[uuid.UUID] = set()


@websocket(f"{_ID}/media", opt={"exclude_from_auth": True})
async def media(socket: WebSocket[Any, Any, Any], call: FromPath[uuid.UUID]) -> None:
    """Carry a line: what is heard comes in, what to say goes out as JSON (`Call`), as does a
    `problem`. `?coding=ulaw` or `pcm`. Closing it hangs up.
    """
    await socket.accept()
    code = _NORMAL
    try:
        held = require(await identify(socket), "original.write")
        if len(_streams) >= MEDIA_STREAMS or call in _streams:
            raise Busy("too many lines are open", 5)
        _streams.add(call)
        try:
            await _carry(socket, held, call)
        finally:
            _streams.discard(call)
            await calls.hang_up(socket.app.state.hub, held.tenant, call)
    except WebSocketDisconnect:
        return
    except (DanshuError, TimeoutError) as error:
        code = _REFUSED
        await _tell(socket, explain(_LATE if isinstance(error, TimeoutError) else error))
    with contextlib.suppress(RuntimeError):
        await socket.close(code=code)


async def _carry(socket: WebSocket[Any, Any, Any], held: Held, call: uuid.UUID) -> None:
    hub = socket.app.state.hub
    is_mu_law = socket.query_params.get("coding", "ulaw") != "pcm"
    turn = telephony.Turn(TURN_PAUSE_MS, TURN_MOST_MS)
    await _tell(socket, await calls.read(hub, held.tenant, call))
    while True:
        heard = await asyncio.wait_for(socket.receive_bytes(), DIALOGUE_S)
        if len(heard) > _FRAME_BYTES:
            raise InputError("bad_stream", f"a message has at most {_FRAME_BYTES} bytes")
        for said in turn.hear(telephony.decode_mu_law(heard) if is_mu_law else heard):
            wav = telephony.write_wav(said)
            got = await calls.take_turn(hub, held.tenant, call, wav, "audio/wav", held.actor)
            told = problems.of(got) if isinstance(got, Refusal) else got
            await _tell(socket, told)
            if not isinstance(told, Call) or told.state != "open":
                return


async def _tell(socket: WebSocket[Any, Any, Any], told: Struct) -> None:
    with contextlib.suppress(RuntimeError):
        await socket.send_text(msgspec.json.encode(told).decode())


ROUTES: Final = [open_call, take_turn, read_call, hang_up, read_voice, set_voice, speak, media]
