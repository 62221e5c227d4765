"""Published events: a fact's bytes become CloudEvents 1.0, in one of three forms.

Which facts are told, and what of each, is said by the adapters of port `event`. Here is what all
have in common: the envelope and its forms on HTTP. An event's id is that of its fact, so that
whoever doubts it can ask for the fact's proof. Nothing is stored: the same leaf gives the same
bytes.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.hub import settings
from danshu.kernel.errors import ProgramError
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.ports.event import EventType

PREFIX: Final = "danshu."
STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
SCHEMA: Final = "/v1/event-types/%s/schema"
_MARK: Final = b'"type":"'
_UNPRINTABLE: Final = re.compile(rb'[^!-~]|["%]', re.DOTALL)


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """A published event: `body` is CloudEvents 1.0 in structured JSON, the same each time.

    `key` is its id, `type` its CloudEvents type, `subject` the stream that it is about (an order,
    a negotiation, an act), `topic` the group that its type belongs to.
    """

    key: str
    type: str
    subject: str
    topic: str
    body: bytes


class _Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """What of a fact's envelope an event needs."""

    cause: str = ""
    id: str
    occurred: str
    source: str


class _Fact(_Envelope, frozen=True, kw_only=True, gc=False):
    """A fact whose data was not read yet."""

    data: msgspec.Raw


class _Told(Struct, frozen=True, gc=False):
    """An event's envelope in the order in which it is written."""

    danshubook: str
    danshucause: str | msgspec.UnsetType
    danshuleaf: str
    data: Struct
    datacontenttype: str
    dataschema: str
    id: str
    partitionkey: str
    source: str
    specversion: str
    subject: str
    time: str
    type: str


class _Way(Struct, frozen=True):
    """How a type of fact is told: what does not change from one to the next.

    `read` gives a `_Fact`; where an adapter only decodes, with its data decoded on the way, and
    `tell` is None: a fact is then walked through once.
    """

    name: str
    topic: str
    schema: str
    read: Callable[[bytes], Any]
    tell: Callable[[bytes], Struct | None] | None


_read: Final = msgspec.json.Decoder(_Fact).decode
_encode: Final = msgspec.json.Encoder().encode
_encode_into: Final = msgspec.json.Encoder().encode_into
_decode: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def type_of(body: bytes) -> str:
    """Give the type of a fact from the end of its canonical bytes, where it stands last but one."""
    start = body.rfind(_MARK) + len(_MARK)
    return body[start : body.find(b'"', start)].decode()


def published(body: bytes) -> bool:
    """Tell whether a fact is told to the world, without reading it."""
    return type_of(body) in _ways()


def event_types() -> dict[str, EventType]:
    """List the published types by their CloudEvents name. They are imported by this."""
    loaded = [cast("EventType", registry.load("event", n)) for n in registry.names("event")]
    return {each.name: each for each in sorted(loaded, key=lambda each: each.name)}


async def prepare() -> None:
    """Import the types in a thread, where they are not imported yet: a server's loop answers orders
    meanwhile, and 176 files take a fifth of a second.
    """
    if not _ways.cache_info().currsize:
        await asyncio.to_thread(_ways)


def write(body: bytes, half: str, position: int) -> Event | None:
    """Write the event of a fact; None where this fact is not told.

    `half` and `position` are its place in the merchant's log.
    """
    way = _ways().get(type_of(body))
    told = _tell(way, body, half, position) if way is not None else None
    if told is None or way is None:
        return None
    return Event(
        key=told.id, type=way.name, subject=told.subject, topic=way.topic, body=_encode(told)
    )


def append(batch: bytearray, body: bytes, half: str, position: int) -> bool:
    """Write the event of a fact behind what a batch has, the same bytes as `write` gives; False
    where this fact is not told. For who wants many events in one piece, and nothing else of them.
    """
    way = _ways().get(type_of(body))
    told = _tell(way, body, half, position) if way is not None else None
    if told is None:
        return False
    _encode_into(told, batch, -1)
    return True


def _tell(way: _Way, body: bytes, half: str, position: int) -> _Told | None:
    fact = way.read(body)
    data = fact.data if way.tell is None else way.tell(fact.data)
    if data is None:
        return None
    subject = fact.id.partition("/")[0]
    return _Told(
        half,
        fact.cause or msgspec.UNSET,
        str(position),
        data,
        "application/json",
        way.schema,
        fact.id,
        subject,
        fact.source,
        "1.0",
        subject,
        fact.occurred,
        way.name,
    )


def to_binary(body: bytes) -> tuple[dict[str, str], bytes]:
    """Give an event's headers and body in binary mode (HTTP protocol binding 1.0.2, 3.1)."""
    attributes = _decode(body)
    data = bytes(attributes.pop("data"))
    kind = msgspec.json.decode(attributes.pop("datacontenttype"), type=str)
    headers = {
        f"ce-{name}": escape(msgspec.json.decode(value, type=str))
        for name, value in attributes.items()
    }
    return {"content-type": kind, **headers}, data


def escape(value: str) -> str:
    """Percent-encode an attribute for a header (HTTP protocol binding 1.0.2, 3.1.3.2)."""
    return _UNPRINTABLE.sub(lambda found: b"%%%02X" % found[0][0], value.encode()).decode()


def to_batch(bodies: Iterable[bytes]) -> bytes:
    """Put events together into the JSON batch format (JSON event format 1.0.2, 4)."""
    return b"[%b]" % b",".join(bodies)


@functools.cache
def _ways() -> dict[str, _Way]:
    """How each type of fact is told; made by the first that asks, as few processes tell any.

    Raises ProgramError where two adapters tell one fact: an event's id is the fact's.
    """
    chosen = settings.read()
    origin = chosen.origin_at(chosen.port)
    ways: dict[str, _Way] = {}
    for name, each in event_types().items():
        if each.fact in ways:
            raise ProgramError(f"{name} and {ways[each.fact].name} are told of one fact")
        ways[each.fact] = _Way(each.name, each.topic, origin + SCHEMA % name, *_make_reader(each))
    return ways


def _make_reader(
    each: EventType,
) -> tuple[Callable[[bytes], Any], Callable[[bytes], Struct | None] | None]:
    """Give how a type's facts are read, and what is still to be done with their data."""
    if not isinstance(getattr(each.tell, "__self__", None), msgspec.json.Decoder):
        return _read, each.tell
    typed = msgspec.defstruct("_Typed", [("data", each.data)], bases=(_Envelope,), gc=False)
    return msgspec.json.Decoder(typed).decode, None
