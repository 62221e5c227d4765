"""Facts: what was said, by whom, when, on which evidence. The bytes are true; nothing is edited.

A fact is a CloudEvents-shaped envelope (CloudEvents 1.0 attribute names where they fit) in
canonical bytes (kernel/canonical.py). Its identity is its place: stream (a UUIDv7) and position in
that stream from 1 on. `prev` is the RFC 6962 leaf hash of the fact before it in the stream, so that
a stream cannot fork unseen.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import struct
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from danshu.kernel import limits
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NO_HEAD = b"\0" * 32


class Actor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who: subject, the role it acted in, the key that it used, the grade of the proof (A-D)."""

    grade: str = "C"
    key: str = ""
    role: str = "system"
    sub: str


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it rests on: kind, digest (hex), size in bytes. `salted`: a commitment to the vault."""

    digest: str
    kind: str
    salted: bool = False
    size: int = 0


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope. `occurred` is the actor's claim, `time` when the hub recorded it (RFC 3339).

    `clock` is whose `occurred` is: device, server, or server with its measured quality,
    `server;src=…;off_us=…;err_us=…;ok` (or `fault`).
    """

    actor: Actor
    cause: str = ""
    clock: str = "server"
    data: Struct | msgspec.Raw
    evidence: tuple[Evidence, ...] = ()
    id: str
    occurred: str
    prev: str = ""
    seq: int
    source: str
    specversion: str
    time: str
    type: str
    version: int

    @property
    def stream(self) -> uuid.UUID:
        """The stream that the fact belongs to."""
        return uuid.UUID(self.id.partition("/")[0])


class Said(Struct, frozen=True, kw_only=True):
    """A fact before it has a place: what a decision returns.

    `actor` where this one fact was proven by more, or less, than what else the commit says.
    """

    data: Struct
    occurred_ms: int = 0  # 0 = the moment of recording
    cause: str = ""
    clock: str = "server"
    evidence: tuple[Evidence, ...] = ()
    actor: Actor | None = None


_S = TypeVar("_S", bound=type[Struct])

TYPES: dict[tuple[str, int], type[Struct]] = {}
NAMES: dict[type[Struct], tuple[str, int]] = {}
UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def fact_type(name: str, version: int = 1) -> Callable[[_S], _S]:
    """Register the data of a fact type; a new shape is a new version with an upcaster."""

    def register(cls: _S) -> _S:
        if (name, version) in TYPES:
            raise ProgramError(f"fact type {name} v{version} is registered twice")
        TYPES[name, version] = cls
        NAMES[cls] = (name, version)
        return cls

    return register


def upcaster(
    name: str, version: int
) -> Callable[
    [Callable[[dict[str, Any]], dict[str, Any]]],
    Callable[[dict[str, Any]], dict[str, Any]],
]:
    """Register how data of `version` becomes data of `version` + 1."""

    def register(
        f: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> Callable[[dict[str, Any]], dict[str, Any]]:
        UPCASTERS[name, version] = f
        return f

    return register


def latest(name: str) -> int:
    """Give the newest version of a fact type."""
    versions = [v for n, v in TYPES if n == name]
    if not versions:
        raise ProgramError(f"unknown fact type {name}")
    return max(versions)


@functools.lru_cache(maxsize=8192)
def rfc3339(ms: int) -> str:
    """Write epoch milliseconds as RFC 3339 in UTC with milliseconds."""
    seconds, rest = divmod(ms, 1000)
    days, second = divmod(seconds, 86_400)
    hour, second = divmod(second, 3600)
    minute, second = divmod(second, 60)
    return f"{_day(days)}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z"


_days: dict[int, str] = {}


def _day(days: int) -> str:
    """Date of a day number since 1970 (days_from_civil, H. Hinnant), remembered."""
    text = _days.get(days)
    if text is None:
        z = days + 719_468
        era = z // 146_097
        doe = z - era * 146_097
        yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
        doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
        mp = (5 * doy + 2) // 153
        month = mp + 3 if mp < 10 else mp - 9
        year = yoe + era * 400 + (1 if month <= 2 else 0)
        text = f"{year:04}-{month:02}-{doy - (153 * mp + 2) // 5 + 1:02}"
        if len(_days) < 10_000:
            _days[days] = text
    return text


def epoch_ms(text: str) -> int:
    """Read an RFC 3339 instant as epoch milliseconds. Raises ValueError, also without an offset."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:  # it would be read in the time zone of this machine
        raise ValueError(f"no offset from UTC: {text!r}")
    return int(moment.timestamp() * 1000 + 0.5)


_encode = msgspec.json.Encoder(order="sorted").encode
_encode_plain = msgspec.json.Encoder().encode
_decode_envelope = msgspec.json.Decoder(dict[str, Any]).decode
_length = struct.Struct(">I")


class Packed(Struct, frozen=True):
    """Facts of one stream in one commit: first position, count, bytes, and the head after them.

    `leaves` are the leaf hashes (RFC 6962) of these bytes, 32 bytes a fact: the chain needs them
    anyway, so the sequencer need not read the bytes again.
    """

    stream: uuid.UUID
    first: int
    count: int
    body: bytes
    head: bytes
    leaves: bytes


def pack(
    said: Sequence[Said],
    *,
    stream: uuid.UUID,
    seq: int,
    head: bytes,
    actor: Actor,
    now_ms: int,
    tenant: int,
) -> Packed:
    """Give facts their places after position `seq` with head `head`, and make their bytes.

    Raises ProgramError when a fact passes limits.FACT_BYTES.
    """
    parts: list[bytes] = []
    leaves: list[bytes] = []
    stamp = rfc3339(now_ms).encode()
    who = _encode(actor)
    name = str(stream).encode()
    tail = b',"source":"danshu/%d","specversion":"1.0","time":"%b","type":"' % (tenant, stamp)
    first = seq + 1
    for s in said:
        seq += 1
        body = _write(s, who, name, seq, head if seq > 1 else b"", stamp, tail)
        if len(body) > limits.FACT_BYTES:
            raise ProgramError(f"a fact {NAMES[type(s.data)][0]} of {len(body)} bytes is too large")
        head = hashlib.sha256(b"\0" + body).digest()
        parts += (_length.pack(len(body)), body)
        leaves.append(head)
    return Packed(stream, first, len(said), b"".join(parts), head, b"".join(leaves))


def _write(
    s: Said, who: bytes, name: bytes, seq: int, prev: bytes, stamp: bytes, tail: bytes
) -> bytes:
    """Write the canonical bytes of one envelope: those of `encode`, six times faster."""
    write_data, end = _form(type(s.data))
    claim = b","
    if s.actor is not None:
        who = _encode(s.actor)
    if s.cause or s.clock != "server":
        claim = _claim(s.cause, s.clock)
    return b'{"actor":%b%b"data":%b%b,"id":"%b/%d","occurred":"%b"%b,"seq":%d%b%b' % (
        who,
        claim,
        write_data(s.data),
        b',"evidence":%b' % _encode_plain(s.evidence) if s.evidence else b"",
        name,
        seq,
        rfc3339(s.occurred_ms).encode() if s.occurred_ms else stamp,
        b',"prev":"%b"' % prev.hex().encode() if prev else b"",
        seq,
        tail,
        end,
    )


@functools.lru_cache(maxsize=1024)
def _claim(cause: str, clock: str) -> bytes:
    """Write cause and clock where they say anything: many facts are said for one cause."""
    claim = b"".join(
        b',"%b":%b' % (key, _encode(value))
        for key, value, default in ((b"cause", cause, ""), (b"clock", clock, "server"))
        if value != default
    )
    return claim + b","


@functools.cache
def _form(cls: type[Struct]) -> tuple[Callable[[Struct], bytes], bytes]:
    """Give how data of a type is written, and how an envelope of that type ends."""
    type_, version = NAMES[cls]
    is_sorted = _in_order(msgspec.inspect.type_info(cls))
    end = b'%b","version":%d}' % (type_.encode(), version)
    return (_encode_plain if is_sorted else _encode), end


def encode(fact: Fact) -> bytes:
    """Write the canonical bytes of an envelope."""
    return _encode(fact)


def _in_order(kind: msgspec.inspect.Type) -> bool:
    """Tell whether a type, all the way down, declares its fields in canonical order."""
    if isinstance(kind, msgspec.inspect.StructType):
        names = [f.encode_name for f in kind.fields]
        ordered = kind.array_like or names == sorted(names)
        return ordered and all(_in_order(f.type) for f in kind.fields)
    if isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        return _in_order(kind.item_type)
    if isinstance(kind, msgspec.inspect.TupleType):
        return all(_in_order(t) for t in kind.item_types)
    if isinstance(kind, msgspec.inspect.UnionType):
        return all(_in_order(t) for t in kind.types)
    plain = (
        msgspec.inspect.IntType
        | msgspec.inspect.StrType
        | msgspec.inspect.BoolType
        | msgspec.inspect.NoneType
        | msgspec.inspect.EnumType
        | msgspec.inspect.LiteralType
    )
    return isinstance(kind, plain)


def join(bodies: Iterable[bytes]) -> bytes:
    """Pack the bytes of facts into a row, as `unpack` reads it."""
    return b"".join([part for body in bodies for part in (_length.pack(len(body)), body)])


def unpack(body: bytes) -> Iterator[bytes]:
    """Give the bytes of each fact of a packed row, in order. Raises ProgramError if it is torn."""
    at = 0
    while at < len(body):
        (size,) = _length.unpack_from(body, at)
        at += 4
        if at + size > len(body):
            raise ProgramError("a packed row ends inside a fact")
        yield body[at : at + size]
        at += size


def read(body: bytes) -> Fact:
    """Read a fact's bytes, its data brought up to the newest version of its type.

    Raises ProgramError for a type that nobody registered.
    """
    envelope = _decode_envelope(body)
    name, version, data = envelope["type"], envelope.get("version", 1), envelope["data"]
    newest = latest(name)
    while version < newest:
        data = UPCASTERS[name, version](data)
        version += 1
    envelope["data"] = msgspec.convert(data, TYPES[name, newest])
    envelope["version"] = version
    envelope["actor"] = msgspec.convert(envelope["actor"], Actor)
    envelope["evidence"] = msgspec.convert(envelope.get("evidence", []), tuple[Evidence, ...])
    return Fact(**envelope)
