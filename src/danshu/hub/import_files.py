"""Files of orders: what each order of a file became, row by row, in an order that repeats."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, cast

import msgspec
from msgspec import Struct

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import CHANNEL_BODY_BYTES
from danshu.ports import registry
from danshu.ports.channel import Channel, Draft
from danshu.ports.table import TableChannel, TableMapping, TableReject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = "table"
_CHUNK_BYTES = 1 << 20
_encode = msgspec.json.Encoder(order="sorted").encode


class Entry(Struct, frozen=True, kw_only=True):
    """Rows of a file and what they are: a draft with the bytes that it rests on, or why not.

    `order` counts the file's orders from 0, `rows` are the file's own row numbers.
    """

    order: int
    rows: tuple[int, ...]
    number: str = ""
    draft: Draft | None = None
    raw: bytes = b""
    code: str = ""
    reason: str = ""


class OrderFile(Protocol):
    """A file of orders. `digest` names its content and how it is read: 32 bytes."""

    name: str
    channel: str
    digest: bytes
    create_skus: bool

    def count(self) -> int:
        """Count the rows."""
        ...

    def entries(self, from_order: int) -> Iterator[Entry]:
        """Give what the orders from `from_order` on are; every row is in exactly one entry."""
        ...


def open_file(path: Path, channel: str, mapping: Path | None) -> OrderFile:
    """Open a file for a channel. Raises InputError for a file or mapping that cannot be read."""
    known = registry.names("channel")
    name = registry.spell_name(channel)
    if name not in known:
        raise InputError("channel", f"no channel {channel!r}; there are: {', '.join(known)}")
    adapter = registry.load("channel", name)
    if name != TABLE:
        return _Messages(path, name, cast("Channel", adapter))
    if mapping is None:
        raise InputError("mapping", "a table needs --mapping FILE, which says what its columns are")
    return _Table(path, cast("TableChannel", adapter), mapping)


def _digest(path: Path, *more: bytes) -> bytes:
    """SHA-256 over the file's and over what decides how it is read."""
    content = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            content.update(chunk)
    return hashlib.sha256(b"\0".join((content.digest(), *more))).digest()


class _Table:
    """Rows under columns, read by a mapping."""

    channel = TABLE

    def __init__(self, path: Path, adapter: TableChannel, mapping: Path) -> None:
        self.name = path.name
        self._adapter = adapter
        self._mapping: TableMapping = adapter.read_mapping(mapping)
        self._rows = adapter.read_rows(path, self._mapping)
        self.digest = _digest(path, TABLE.encode(), mapping.read_bytes())
        self.create_skus = self._mapping.create_skus

    def count(self) -> int:
        """Count the rows; a reader that counts cheaply is asked to."""
        count = getattr(self._rows, "count", None)
        return int(count()) if count else sum(1 for _ in self._rows)

    def entries(self, from_order: int) -> Iterator[Entry]:
        """Give the orders of the rows; the bytes kept are the draft alone.

        A longer file with the same order in it thus says nothing new of that order.
        """
        for found in self._adapter.assemble(self._rows, self._mapping, from_order):
            if isinstance(found, TableReject):
                yield Entry(
                    order=found.order,
                    rows=found.rows,
                    number=found.number,
                    code=found.code,
                    reason=found.reason,
                )
                continue
            yield Entry(
                order=found.order,
                rows=found.rows,
                number=found.draft.number,
                draft=found.draft,
                raw=_encode(found.draft),
            )


class _Messages:
    """A platform's messages: one a line, or the whole file is one. A message is a row."""

    create_skus = False

    def __init__(self, path: Path, channel: str, adapter: Channel) -> None:
        self.name = path.name
        self.channel = channel
        self._path = path
        self._adapter = adapter
        self.digest = _digest(path, channel.encode())
        self._is_lines = self._has_lines()

    def _has_lines(self) -> bool:
        """A file holds a message a line when its first line is one by itself."""
        with self._path.open("rb") as source:
            first = source.readline(CHANNEL_BODY_BYTES + 1)
            if not source.read(1):
                return False
        try:
            msgspec.json.decode(first)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return True

    def _messages(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as source:
            if not self._is_lines:
                yield 1, source.read(CHANNEL_BODY_BYTES + 1)
                return
            number = 0
            while line := source.readline(CHANNEL_BODY_BYTES + 1):
                number += 1
                rest = line
                while not rest.endswith(b"\n") and len(rest) > CHANNEL_BODY_BYTES:
                    rest = source.readline(CHANNEL_BODY_BYTES + 1)
                if line.strip():
                    yield number, line.rstrip(b"\r\n") if len(line) <= CHANNEL_BODY_BYTES else line

    def count(self) -> int:
        """Count the messages."""
        return sum(1 for _ in self._messages())

    def entries(self, from_order: int) -> Iterator[Entry]:
        """Give the drafts of each message; of several in one message, the first carries the row."""
        for order, (number, body) in enumerate(self._messages()):
            if order < from_order:
                continue
            try:
                if len(body) > CHANNEL_BODY_BYTES:
                    raise InputError("too_large", f"over {CHANNEL_BODY_BYTES} bytes")
                drafts = self._adapter.parse(body)
            except InputError as error:
                yield Entry(order=order, rows=(number,), code=error.code, reason=str(error))
                continue
            if not drafts:
                raise ProgramError(f"channel {self._adapter.name} gave neither draft nor error")
            for draft in drafts:
                yield Entry(order=order, rows=(number,), number=draft.number, draft=draft, raw=body)
