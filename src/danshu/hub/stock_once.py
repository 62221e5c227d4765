"""What the agent's acts on stock have in common: each is done once for its proposal, and its record
is written in the commit that does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.hub.agent_act import Performed
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub
    from danshu.ports.skill import Worth

Connection = psycopg.AsyncConnection[Any]
# Whoever comes second waits here for the first to commit, and then reads what it did.
_TAKE: Final = """
insert into stock_acts(tenant,proposal,back,done) values (%s,%s,%s,'{}'::jsonb)
on conflict do nothing returning 1
"""
_READ: Final = "select done::text from stock_acts where tenant=%s and proposal=%s and back=%s"
_KEEP: Final = """
update stock_acts set done=%s::jsonb where tenant=%s and proposal=%s and back=%s
"""
_decode: Final = msgspec.json.Decoder(Performed).decode
_LEVEL: Final = """
select s.on_hand, s.reserved, s.safety from warehouses w
join skus k on k.tenant=w.tenant and k.code=%s
join stock s on s.tenant=w.tenant and s.wh=w.no and s.sku=k.no
where w.tenant=%s and w.code=%s
"""


class _No(Exception):
    """Takes back what a transaction wrote, since the answer is no."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


async def do_once(
    hub: Hub,
    tenant: int,
    proposal: uuid.UUID,
    do: Callable[[Connection], Awaitable[Performed | Refusal]],
    *,
    back: bool = False,
) -> Performed | Refusal:
    """Do it in one commit with its record, or give what was done; a Refusal writes nothing."""
    try:
        async with hub.connection() as connection, connection.transaction():
            cursor = await connection.execute(_TAKE, (tenant, proposal, back))
            if await cursor.fetchone() is None:
                cursor = await connection.execute(_READ, (tenant, proposal, back))
                row = await cursor.fetchone()
                assert row is not None
                return _decode(row[0])
            done = await do(connection)
            if isinstance(done, Refusal):
                raise _No(done)
            kept = msgspec.json.encode(done).decode()
            await connection.execute(_KEEP, (kept, tenant, proposal, back))
    except _No as no:
        return no.refusal
    hub.worlds.distrust({tenant})
    return done


async def read_level(
    connection: Connection, tenant: int, warehouse: str, sku: str
) -> tuple[int, int, int]:
    """Read on hand, reserved and safety of a row. Raises InputError `bad_parameters`."""
    row = await (await connection.execute(_LEVEL, (sku, tenant, warehouse))).fetchone()
    if row is None:
        raise InputError("bad_parameters", f"no stock of {sku!r} in {warehouse!r}")
    return int(row[0]), int(row[1]), int(row[2])


def between(low: float, mid: float, high: float) -> Worth:
    """Give an interval of money in 分, in order whatever its ends are."""
    from danshu.ports.skill import Worth

    low, mid, high = sorted((low, mid, high))
    return Worth(low_fen=round(low), mid_fen=round(mid), high_fen=round(high))
