"""The vault: personal data and raw messages, apart from the facts and erasable.

Facts hold only salted commitments to what lies here, so that erasing it leaves every fact, leaf and
proof as it was. An erased row loses its salt too: with the salt left, a telephone number could be
found again from the commitment by trying all numbers.
"""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel import limits
from danshu.kernel.errors import ProgramError
from danshu.ledger import write
from danshu.ledger.facts import VaultErased as VaultErased

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

SALT_BYTES: Final = 16

_DOMAIN: Final = b"danshu/vault/1\0"
_INSERT: Final = (
    "insert into vault(tenant,id,salt,raw,person)"
    " select * from unnest(%b::int4[],%b::uuid[],%b::bytea[],%b::bytea[],%b::bytea[])"
)
_READ: Final = (
    "select salt, raw, person, (extract(epoch from erased) * 1000)::int8 from vault"
    " where tenant=%s and id=%s"
)
_ERASE: Final = (
    "update vault set salt='', raw=null, person=null, erased=%s"
    " where tenant=%s and id=%s and erased is null"
)


class Row(Struct, frozen=True, kw_only=True):
    """What lies in the vault under one id; all of it is empty once it was erased (epoch ms)."""

    salt: bytes
    raw: bytes | None
    person: bytes | None
    erased_ms: int | None


class Entry(Struct, frozen=True, kw_only=True):
    """What is put into the vault: 16 random bytes of salt, the raw message, the personal data."""

    tenant: int
    id: uuid.UUID
    salt: bytes
    raw: bytes
    person: bytes


def commit(salt: bytes, label: str, data: bytes) -> str:
    """Commit to data: SHA-256("danshu/vault/1" ‖ 00 ‖ label ‖ 00 ‖ salt ‖ data), in hex.

    The label says what the data is, so that one commitment never stands for another. Raises
    ProgramError for a salt of another length than 16 bytes, or a label that could run into it.
    """
    if len(salt) != SALT_BYTES:
        raise ProgramError(f"a salt of {len(salt)} bytes, it needs {SALT_BYTES}")
    if not label or "\0" in label or len(label) > limits.VAULT_LABEL_CHARS:
        raise ProgramError(f"not a label of a commitment: {label!r}")
    return sha256(_DOMAIN + label.encode() + b"\0" + salt + data).hexdigest()


def put(entries: Sequence[Entry]) -> write.Statement:
    """Put entries into the vault in the caller's commit."""
    return write.Statement(
        _INSERT,
        (
            write.int4s([each.tenant for each in entries]),
            write.uuids([each.id for each in entries]),
            write.byteas([each.salt for each in entries]),
            write.byteas([each.raw for each in entries]),
            write.byteas([each.person for each in entries]),
        ),
    )


async def read(connection: psycopg.AsyncConnection[Any], tenant: int, id_: uuid.UUID) -> Row | None:
    """Read what lies under an id; None when nothing ever did."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        return None
    salt, raw, person, erased_ms = row
    return Row(salt=salt, raw=raw, person=person, erased_ms=erased_ms)


async def erase(
    connection: psycopg.AsyncConnection[Any], tenant: int, id_: uuid.UUID, now_ms: int
) -> bool:
    """Erase what lies under an id; False when there is nothing (any more) to erase.

    Call it in the transaction that writes the fact `vault.erased` to the stream of the data. The
    old bytes leave the files of the database with the next vacuum, and its backups as they expire.
    """
    cursor = await connection.execute(_ERASE, (write.instant(now_ms * 1000), tenant, id_))
    return cursor.rowcount == 1
