"""What the vault holds of an order's requests: where it goes now, and how that is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.ledger import vault
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid

Connection = psycopg.AsyncConnection[Any]
_VAULTS: Final = "select vault from requests where tenant=%s and id=%s"
_ADDRESS_NOW: Final = """
select v.person from requests r join vault v on v.tenant=r.tenant and v.id=r.vault
where r.tenant=%s and r.id=%s and r.kind='address_change' and r.state='accepted'
order by r.no desc limit 1
"""
_decode_receiver: Final = msgspec.json.Decoder(Receiver).decode


async def read_receiver(
    connection: Connection, tenant: int, id_: uuid.UUID, placed: bytes | None
) -> Receiver | None:
    """Read where an order goes: the address that was accepted last, else that of `placed`, the
    vault's bytes of the order; None once erased.
    """
    if not placed:
        return None
    row = await (await connection.execute(_ADDRESS_NOW, (tenant, id_))).fetchone()
    return _decode_receiver(bytes(row[0]) if row and row[0] else placed)


async def erase(connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int) -> int:
    """Erase what an order's requests hold in the vault, in the caller's transaction; gives how
    many. Their photos are evidence and go with it.
    """
    rows = await (await connection.execute(_VAULTS, (tenant, id_))).fetchall()
    return sum([await vault.erase(connection, tenant, each, now_ms) for (each,) in rows])
