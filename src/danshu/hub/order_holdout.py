"""Orders that are left as they are, so that something can be compared with them; and complaints.

Whether an order is held out follows from its id alone: the same always, and nothing that anybody
says of the order can change it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel.limits import GRIEVANCE_D, GRIEVANCE_HOLDOUT
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

Connection = Any
_DAY_MS: Final = 86_400_000
_PROPOSED: Final = """
select id from compensations where tenant=%s and code=%s and proposed >= %s and proposed < %s
order by proposed desc limit 5000
"""
_COMPLAINED: Final = """
select distinct o.id from unnest(%s::uuid[]) o(id) where
  exists (select 1 from after_sales a where a.tenant=%s and a.oid=o.id and a.origin='buyer')
  or exists (select 1 from requests r where r.tenant=%s and r.id=o.id)
"""


class Complaints(Struct, frozen=True, kw_only=True):
    """Whether an order's buyer complained, and how many of how many held out did."""

    complained: bool
    held_out: int
    held_out_complained: int


def is_held_out(order: uuid.UUID, purpose: str) -> bool:
    """Tell whether an order is left as it is for this purpose."""
    told = hashlib.sha256(purpose.encode() + order.bytes).digest()
    return int.from_bytes(told[:4]) % 1_000 < GRIEVANCE_HOLDOUT


async def find_complained(
    connection: Connection, tenant: int, orders: Iterable[uuid.UUID]
) -> set[uuid.UUID]:
    """Give those of the orders whose buyer opened a case or made a request."""
    asked = (list(orders), tenant, tenant)
    cursor = await connection.execute(_COMPLAINED, asked)
    return {id_ for (id_,) in await cursor.fetchall()}


async def find_held_out(
    connection: Connection, tenant: int, code: str, now_ms: int
) -> list[uuid.UUID]:
    """Give the orders of the last GRIEVANCE_D days that a broken promise of this code owes, and
    that are held out.
    """
    since = write.instant((now_ms - GRIEVANCE_D * _DAY_MS) * 1000)
    cursor = await connection.execute(
        _PROPOSED, (tenant, code, since, write.instant(now_ms * 1000))
    )
    return [id_ for (id_,) in await cursor.fetchall() if is_held_out(id_, "compensate")]


async def count_complaints(
    connection: Connection, tenant: int, order: uuid.UUID, code: str, now_ms: int
) -> Complaints:
    """Count complaints of an order, and of those held out of the same promise."""
    apart = [
        each for each in await find_held_out(connection, tenant, code, now_ms) if each != order
    ]
    complained = await find_complained(connection, tenant, [order, *apart])
    return Complaints(
        complained=order in complained,
        held_out=len(apart),
        held_out_complained=len(complained - {order}),
    )
