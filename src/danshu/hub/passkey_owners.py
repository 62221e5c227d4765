"""Whose a passkey is: a public key that two people hold is nobody's own.

电子签名法 art. 13 (一) asks that what signs belongs to its signer alone. So it is refused where it
would be added, no statement is signed by it where it got in another way, and the audit and the
overview say so.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import facts
from danshu.hub import people
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
SHARED: Final = Refusal(
    code="passkey_shared",
    reason="这把通行密钥登记在两个人名下,不能用来签署;请管理员移除后各自登记新的",
    reason_en="This passkey is registered for two people, so it signs nothing: have an admin remove"
    " it, and let each add a new one",
    clause="webauthn.passkey_shared",
)
# Two people at one moment: the second waits, and sees what the first has committed.
_ALONE: Final = "select pg_advisory_xact_lock(%s::int4, %s::int4)"
_LOCK: Final = 0x44506B79  # "DPky"
_OWNER: Final = (
    "select person from passkeys where tenant=%s and public_key=%s and person<>%s"
    " order by made, id limit 1"
)
_SHARED: Final = """
select encode(sha256(public_key),'hex'), array_agg(distinct person), max(made)
from passkeys where tenant=%s group by public_key having count(distinct person) > 1
order by max(made) desc limit %s
"""


class KeyOfAnother(InputError):
    """The public key is another person's, `owner`; `key` is its digest (hex)."""

    def __init__(self, key: str, owner: uuid.UUID) -> None:
        super().__init__("passkey_of_another", "this passkey is registered for another person")
        self.key = key
        self.owner = owner


class SharedKey(Struct, frozen=True, kw_only=True):
    """A public key (digest, hex) that several people hold, and when the last of them got it."""

    key: str
    people: tuple[uuid.UUID, ...]
    since: datetime.datetime


async def check(connection: Connection, tenant: int, person: uuid.UUID, public_key: bytes) -> None:
    """Before a key is kept, in the caller's transaction. Raises KeyOfAnother."""
    await connection.execute(_ALONE, (_LOCK, tenant))
    owner = await find(connection, tenant, person, public_key)
    if owner is not None:
        raise KeyOfAnother(hashlib.sha256(public_key).hexdigest(), owner)


async def find(
    connection: Connection, tenant: int, person: uuid.UUID, public_key: bytes
) -> uuid.UUID | None:
    """Find another person who has the same public key."""
    row = await (await connection.execute(_OWNER, (tenant, public_key, person))).fetchone()
    return row[0] if row else None


async def read_shared(connection: Connection, tenant: int, limit: int) -> list[SharedKey]:
    """List the keys that more than one person holds, the newest first."""
    rows = await (await connection.execute(_SHARED, (tenant, limit))).fetchall()
    return [SharedKey(key=key, people=tuple(who), since=since) for key, who, since in rows]


@contextlib.asynccontextmanager
async def telling(
    connection: Connection, tenant: int, person: uuid.UUID, by: Actor
) -> AsyncIterator[None]:
    """Say in a commit of its own that somebody tried to add another person's key.

    What was begun inside is rolled back first; the refusal goes on to the caller.
    """
    try:
        yield
    except KeyOfAnother as error:
        told = facts.PasskeyContested(key=error.key, owner=f"person:{error.owner}")
        async with connection.transaction():
            row = await people.lock(connection, tenant, person)
            await people.tell(connection, tenant, row, by, [told])
        raise
