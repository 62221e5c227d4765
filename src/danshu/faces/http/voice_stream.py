"""Speaking over a WebSocket (RFC 6455): samples in, words while they come, the draft at the end.

In: one JSON object `{"begin": {…source}}`, samples as binary messages (16 bits, 16 kHz, mono,
little endian), then `{"end": true}`; `{"cancel": true}` keeps nothing. Out: JSON objects `ready`,
`words`, `received`, `read` or `problem`. A browser proves itself by its session and comes from our
own page; a program by its key.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from msgspec import Meta, Struct

from danshu.faces.http import cookies, problems
from danshu.faces.http.auth import MISSING, Held, key_of, require
from danshu.faces.http.hot import explain
from danshu.faces.http.originals import OriginalRow, show
from danshu.hub import original_rows, speaking
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.limits import SPEECH_STREAM_FRAME_BYTES, SPEECH_STREAM_IDLE_S
from danshu.ports.modality import Draft, Parsed

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.speaking import Talk

PATH: Final = "/v1/voice/stream"
_NORMAL: Final = 1000
_REFUSED: Final = 4400
_UNKNOWN: Final = 4401
Word = Annotated[str, Meta(max_length=128, pattern=PLAIN)]


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who speaks and where: `key` makes a repeat the same original."""

    store: Word = ""
    customer: Word = ""
    device: Word = ""
    session: Word = ""
    lang: Word = "zh"
    key: Word = ""


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told beside samples: one of the three."""

    begin: Source | None = None
    end: bool = False
    cancel: bool = False


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is answered. `type`: ready, words, received, read, problem."""

    type: str
    words: str = ""
    original: OriginalRow | None = None
    draft: Draft | None = None
    parsed: Parsed | None = None
    problem: problems.Problem | None = None


_decode: Final = msgspec.json.Decoder(Command).decode
_encode: Final = msgspec.json.Encoder().encode
_BAD: Final = InputError("bad_stream", "begin with {begin}, then samples, then {end} or {cancel}")
_TOO_LARGE: Final = InputError(
    "bad_stream", f"a message has at most {SPEECH_STREAM_FRAME_BYTES} bytes"
)
_LATE: Final = InputError("bad_stream", f"nothing came for {SPEECH_STREAM_IDLE_S} s")


@websocket(PATH, opt={"exclude_from_auth": True})
async def speak(socket: WebSocket[Any, Any, Any]) -> None:
    """Hear one utterance."""
    await socket.accept()
    code = _NORMAL
    try:
        held = require(await identify(socket), "original.write")
        await _talk(socket, held)
    except WebSocketDisconnect:
        return
    except (DanshuError, TimeoutError) as error:
        code = _UNKNOWN if getattr(error, "code", "") == "unauthenticated" else _REFUSED
        known = _LATE if isinstance(error, TimeoutError) else error
        await _tell(socket, Told(type="problem", problem=explain(known)))
    with contextlib.suppress(RuntimeError):
        await socket.close(code=code)


async def identify(socket: WebSocket[Any, Any, Any]) -> Held:
    """Give who speaks: by key, else by session from our own page; a script of another site can open
    a WebSocket, so its origin is always looked at. Raises InputError.
    """
    keyring, scope = socket.app.state.keyring, socket.scope
    key = key_of(scope["headers"])
    if key:
        found: Held = await keyring.find(key)
        return found
    as_page = {**scope, "scheme": "https" if scope.get("scheme") == "wss" else "http"}
    text = cookies.read(as_page, keyring.origin)
    if not text:
        raise MISSING
    if not cookies.header(scope["headers"], b"origin"):
        raise cookies.FOREIGN
    cookies.check_origin({**as_page, "method": "POST"}, keyring.origin)
    held: Held = await keyring.hold(text)
    return held


async def _talk(socket: WebSocket[Any, Any, Any], held: Held) -> None:
    first = await _receive(socket)
    if not isinstance(first, Command) or first.begin is None:
        raise _BAD
    source = {n: v for n, v in msgspec.structs.asdict(first.begin).items() if n != "key" and v}
    key = f"voice/{held.caller.key}/{first.begin.key}" if first.begin.key else ""
    if held.session is not None:
        source["speaker"] = held.caller.name
    with speaking.Talk(held.tenant, source, held.actor, key) as talk:
        await _tell(socket, Told(type="ready"))
        looking = asyncio.create_task(talk.warm(socket.app.state.hub))
        try:
            while True:
                message = await _receive(socket)
                if isinstance(message, Command):
                    break
                talk.take(message)
                if looking.done() and talk.wants_look():
                    looking = asyncio.create_task(_look(socket, talk))
        finally:
            # not cancelled: that would end the process that has the model
            await asyncio.gather(looking, return_exceptions=True)
        if message.cancel:
            return
        if not message.end:
            raise _BAD
        await _finish(socket, talk)


async def _finish(socket: WebSocket[Any, Any, Any], talk: Talk) -> None:
    hub: Hub = socket.app.state.hub
    row = await talk.finish(hub)
    if isinstance(row, Refusal):
        await _tell(socket, Told(type="problem", problem=problems.of(row)))
        return
    await _tell(socket, Told(type="received", original=show(row)))
    row = await talk.read(hub, row.id)
    async with hub.connection() as connection:
        parsed = await original_rows.read_parsed(connection, talk.tenant, row.id)
    told = Told(type="read", original=show(row), draft=row.draft, parsed=parsed)
    await _tell(socket, told)


async def _look(socket: WebSocket[Any, Any, Any], talk: Talk) -> None:
    words = await talk.look()
    if words:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await _tell(socket, Told(type="words", words=words))


async def _receive(socket: WebSocket[Any, Any, Any]) -> Command | bytes:
    """Give the next message. Raises InputError, TimeoutError, WebSocketDisconnect."""
    async with asyncio.timeout(SPEECH_STREAM_IDLE_S):
        event: Any = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(detail="gone", code=event.get("code") or _NORMAL)
    data, text = event.get("bytes"), event.get("text")
    if len(data or text or "") > SPEECH_STREAM_FRAME_BYTES:
        raise _TOO_LARGE
    if data is not None:
        return bytes(data)
    try:
        return _decode(text or "")
    except (msgspec.DecodeError, UnicodeError) as error:
        raise _BAD from error


async def _tell(socket: WebSocket[Any, Any, Any], told: Told) -> None:
    await socket.send_data(_encode(told).decode(), mode="text")


ROUTES: Final = [speak]
