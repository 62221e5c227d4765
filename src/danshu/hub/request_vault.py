"""What the vault holds of an order's requests: where it goes now, and how that is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.hub import readdress_rows
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
_AMENDED: Final = """
select v.person from orders o join vault v on v.tenant=o.tenant
and v.id=(convert_from(o.doc,'UTF8')::jsonb->'receivers'->>-1)::uuid
where o.tenant=%s and o.id=%s
"""
_CASES: Final = "select id from after_sales where tenant=%s and oid=%s"
_RECEIVERS: Final = """
select jsonb_array_elements_text(convert_from(doc,'UTF8')::jsonb->'receivers')::uuid from orders
where tenant=%s and id=%s
"""
_decode_receiver: Final = msgspec.json.Decoder(Receiver).decode


async def read_receiver(
    connection: Connection, tenant: int, id_: uuid.UUID, placed: bytes | None
) -> Receiver | None:
    """Read where an order goes: the receiver that it was amended to last, else the address that
    was accepted last, else that of `placed`, the vault's bytes of the order; None once erased.
    """
    if not placed:
        return None
    row = await (await connection.execute(_AMENDED, (tenant, id_))).fetchone()
    if row is None or not row[0]:
        row = await (await connection.execute(_ADDRESS_NOW, (tenant, id_))).fetchone()
    return _decode_receiver(bytes(row[0]) if row and row[0] else placed)


async def erase(connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int) -> int:
    """Erase what an order's requests and amendments hold in the vault, in the caller's transaction;
    gives how many. Their photos are evidence and go with it.
    """
    rows = await (await connection.execute(_VAULTS, (tenant, id_))).fetchall()
    rows += await (await connection.execute(_RECEIVERS, (tenant, id_))).fetchall()
    rows += await (await connection.execute(_CASES, (tenant, id_))).fetchall()
    await readdress_rows.erase(connection, tenant, id_)
    return sum([await vault.erase(connection, tenant, each, now_ms) for (each,) in rows])
