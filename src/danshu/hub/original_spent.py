"""What is kept of an original when it is over: with its order as long as that, alone
ORIGINAL_KEPT_DAYS. Facts and digests stay; bytes and words go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import original_rows, perceiver_cache, training
from danshu.hub.original_facts import OriginalErased
from danshu.hub.worlds import now_ms
from danshu.kernel.fact import Actor
from danshu.kernel.limits import ORIGINAL_KEPT_DAYS

if TYPE_CHECKING:
    import uuid

Connection = Any
ACTOR: Final = Actor(sub="originals", role="system", grade="C")
_STEP: Final = 100
_SPENT: Final = (
    "select tenant, id from originals where state in ('rejected','unreadable') and bytes>0"
    " and done < now() - make_interval(days => %s) order by done limit %s"
)
# Bytes that another original or order names too stay for that one.
_ERASE: Final = (
    "delete from blobs b where b.tenant=%(tenant)s and b.digest=%(digest)s and not exists"
    " (select 1 from originals o where o.tenant=b.tenant and o.digest=b.digest and o.bytes>0"
    " and o.id<>%(id)s) and not exists"
    " (select 1 from order_blobs w where w.tenant=b.tenant and w.digest=b.digest)"
)
_OF_ORDER: Final = "select id from originals where tenant=%s and order_id=%s"
# What was read in it, and who sent it; what the salt would let be guessed from its facts too.
_EMPTY: Final = (
    "update originals set bytes=0, parsed=null, draft=null, question=null, salt='', name='',"
    " speaker='', source='{}', reason='' where tenant=%s and "
)


async def sweep(connection: Connection) -> int:
    """Erase what has been kept long enough, at most a hundred; gives how many."""
    found = await (await connection.execute(_SPENT, (ORIGINAL_KEPT_DAYS, _STEP))).fetchall()
    for tenant, id_ in found:
        await _erase(connection, tenant, id_)
    return len(found)


async def _erase(connection: Connection, tenant: int, id_: uuid.UUID) -> None:
    async with connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        await original_rows.change(connection, tenant, row, ACTOR, now_ms(), [OriginalErased()])
        told = {"tenant": tenant, "digest": bytes.fromhex(row.digest), "id": id_}
        await connection.execute(_ERASE, told)
        await perceiver_cache.forget(connection, tenant, row.digest)
        await training.erase(connection, tenant, [id_])
        await connection.execute(_EMPTY + "id=%s", (tenant, id_))


async def forget_order(connection: Connection, tenant: int, order: uuid.UUID) -> None:
    """Forget what was read in the originals of an order that is erased, in the caller's
    transaction; their bytes are among those of the order.
    """
    await perceiver_cache.forget_order(connection, tenant, order)
    taught = await (await connection.execute(_OF_ORDER, (tenant, order))).fetchall()
    await training.erase(connection, tenant, [id_ for (id_,) in taught])
    await connection.execute(_EMPTY + "order_id=%s", (tenant, order))
