"""Checkpoints as third parties take them: the log's signatures, and those of witnesses (0x04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel import note
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

_NOTE: Final = "select note from checkpoints where tenant=%s and half=%s and size=%s"
_LINES: Final = (
    "select line from cosignatures where tenant=%s and half=%s and size=%s order by witness"
)
_NEWEST: Final = (
    "select size from checkpoints where tenant=%s and half=%s order by size desc limit 1"
)
_COVERING: Final = (
    "select size from checkpoints where tenant=%s and half=%s and size>%s order by size limit 1"
)
_COSIGNED: Final = (
    "select max(size) from cosignatures where tenant=%s and half=%s and (%s::int8 is null"
    " or size <= %s)"
)


class Cosignature(Struct, frozen=True, kw_only=True):
    """A witness's signature line on a checkpoint, and when it says that it signed (Unix)."""

    witness: str
    line: str
    time_s: int


async def read_cosigned(connection: Connection, tenant: int, half: str, size: int) -> bytes:
    """Give the checkpoint of a book at `size` with every signature line that was found good.

    Raises InputError `no_checkpoint` when none was signed at that size.
    """
    row = await (await connection.execute(_NOTE, (tenant, half, size))).fetchone()
    if row is None:
        raise InputError("no_checkpoint", f"no checkpoint of {half} has {size} leaves")
    lines = await (await connection.execute(_LINES, (tenant, half, size))).fetchall()
    return bytes(row[0]) + "".join(line for (line,) in lines).encode()


async def newest_size(connection: Connection, tenant: int, half: str) -> int:
    """Give the size of a book's newest checkpoint; 0 when it has none."""
    row = await (await connection.execute(_NEWEST, (tenant, half))).fetchone()
    return int(row[0]) if row else 0


async def covering_size(connection: Connection, tenant: int, half: str, index: int) -> int | None:
    """Give the size of the first checkpoint that covers a leaf: it stays the same as the log
    grows. None while there is none.
    """
    row = await (await connection.execute(_COVERING, (tenant, half, index))).fetchone()
    return int(row[0]) if row else None


async def cosigned_size(
    connection: Connection, tenant: int, half: str, most: int | None = None
) -> int | None:
    """Give the largest size of a book, at most `most`, whose checkpoint has a cosignature."""
    row = await (await connection.execute(_COSIGNED, (tenant, half, most, most))).fetchone()
    return int(row[0]) if row and row[0] is not None else None


def open_cosignatures(
    checkpoint: bytes, lines: bytes, keys: tuple[note.VerifierKey, ...], check: note.Check
) -> list[Cosignature] | None:
    """Find the good lines in a witness's answer; None when a known key's line is bad, or none is
    there. Lines of unknown keys are dropped (tlog-witness).
    """
    text = note.parse(checkpoint).text
    try:
        answered = note.parse(text.encode() + b"\n" + lines)
    except InputError:
        return None
    good = note.verify(answered, keys, check)
    if not isinstance(good, tuple):
        return None
    times = {each.key.name: each.time_s or 0 for each in good}
    known = {(key.name, key.key_id) for key in keys}
    found: dict[str, Cosignature] = {}
    for each in answered.signatures:
        if (each.name, each.key_id) in known:
            alone = note.encode(note.Note(text=answered.text, signatures=(each,)))
            line = alone.decode().rpartition("\n\n")[2]
            found.setdefault(
                each.name, Cosignature(witness=each.name, line=line, time_s=times[each.name])
            )
    return list(found.values())
