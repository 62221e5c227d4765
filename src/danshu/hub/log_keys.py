"""The log's keys as merchants see them: rotated, withdrawn, listed with their validity.

One key signs for every merchant of an installation, so a change is a fact in each one's book.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.kernel import note
from danshu.kernel.fact import rfc3339
from danshu.kernel.note import VerifierKey
from danshu.ledger import signers
from danshu.ledger.facts import KeyRotated, KeyWithdrawn

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor
    from danshu.ledger.signers import LogKey, Signer

Connection = psycopg.AsyncConnection[Any]
_TENANTS: Final = "select id from tenants order by id"


class TrustedKey(Struct, frozen=True, kw_only=True):
    """A key of the log and when it holds. `state`: present; overlap, it signs beside the present
    one until `until`; past, old checkpoints verify by it; revoked, what it signed counts only with
    a cosignature or a time stamp from before.
    """

    public_key: str
    state: str
    since: datetime.datetime
    until: datetime.datetime | None
    revoked: datetime.datetime | None
    reason: str
    in_file: bool


async def rotate(
    connection: Connection, signer: Signer | None, overlap_s: int, by: Actor
) -> tuple[LogKey | None, LogKey]:
    """Change the log's key; give the one before and the new one. `signer` is the key of a file.

    Raises InputError `same_key`.
    """
    async with connection.transaction():
        before, after = await signers.add_key(connection, signer, overlap_s)
        until = ""
        if before is not None:
            ends = next(k for k in await signers.read_keys(connection) if k.name == before.name)
            if ends.until is not None:
                until = rfc3339(round(ends.until.timestamp() * 1000))
        said = KeyRotated(
            new=after.public_key.hex(),
            old=before.public_key.hex() if before else "",
            until=until,
        )
        for (tenant,) in await (await connection.execute(_TENANTS)).fetchall():
            await merchants.say(connection, tenant, by, said)
    return before, after


async def withdraw(connection: Connection, public_key: bytes, reason: str, by: Actor) -> LogKey:
    """Revoke a key of the log; raises InputError `no_key`, `present_key`."""
    async with connection.transaction():
        key = await signers.revoke_key(connection, public_key, reason)
        said = KeyWithdrawn(key=public_key.hex(), reason=reason)
        for (tenant,) in await (await connection.execute(_TENANTS)).fetchall():
            await merchants.say(connection, tenant, by, said)
    return key


async def read(connection: Connection) -> list[TrustedKey]:
    """List every key that the log had, the oldest first."""
    keys = await signers.read_keys(connection)
    here = signers.present(keys)
    return [
        TrustedKey(
            public_key=key.public_key.hex(),
            state=_state(key, is_present=key == here),
            since=key.since,
            until=key.until,
            revoked=key.revoked,
            reason=key.reason,
            in_file=key.seed is None and key.revoked is None,
        )
        for key in keys
    ]


async def witness_lines(connection: Connection, code: str) -> list[str]:
    """Give what a witness's operator writes into `--logs` for all books of a merchant, past and to
    come: a line for each key that signs.
    """
    keys = await signers.read_keys(connection)
    return [
        VerifierKey(name=f"danshu/{code}/*", kind=note.ED25519, public_key=key.public_key).encode()
        for key in keys
        if key.signs
    ]


def _state(key: LogKey, *, is_present: bool) -> str:
    if key.revoked is not None:
        return "revoked"
    if is_present:
        return "present"
    return "overlap" if key.signs else "past"
