"""Part of an order leaves 部分发货: the promise about the rest is made, and the buyer told.

The clause is any of the merchant's whose clock `shipment.partial` starts; an order carries it from
the first parcel that leaves without the rest. The notice names the parcel, and the promise's
deadline is by when the rest leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import TICKING
from danshu.capabilities.orders.facts import OrderShipped
from danshu.capabilities.orders.moves import PART
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Change
    from danshu.hub.world import World
    from danshu.kernel.fact import Said

Connection = psycopg.AsyncConnection[Any]
PARCEL_STEP: Final = 10_000  # a notice of a parcel is no step of a chain: this, and its number
BUYER: Final = "buyer"
_TELL: Final = """
insert into notices(tenant,id,code,step,state,addressee,made,due,next_try)
values (%s,%s,%s,%s,'due',%s,%s,%s,%s) on conflict do nothing
"""


def join(
    world: World, order: Order, promises: tuple[Promise, ...], heard: Iterable[tuple[str, int]]
) -> tuple[tuple[Promise, ...], list[Said]]:
    """Give the promises with those that a part shipment brings along, and what says so."""
    if not any(name == PART for name, _ in heard):
        return promises, []
    carried = {p.code for p in promises}
    clauses = [c for c in world.definitions if c.start == PART and c.code not in carried]
    made, said = contract.pin(
        clauses,
        contract.Context(
            channel=order.channel,
            placed_ms=order.placed_ms,
            paid_ms=order.paid_ms,
            region=order.region,
            requested=tuple([c.code for c in clauses]),
            lang=promises[0].lang if promises else "zh",
        ),
    )
    return (promises + made, [said]) if said else (promises, [])


async def tell(
    connection: Connection, tenant: int, id_: uuid.UUID, decided: Change, now_ms: int
) -> None:
    """Put down that the buyer is to be told of each parcel that left without the rest."""
    left = [s.data.fulfilment for s in decided.said if isinstance(s.data, OrderShipped)]
    if not left:
        return
    waiting = [p for p in decided.promises if p.clause.start == PART and p.state in TICKING]
    now = write.instant(now_ms * 1000)
    for promise in waiting:
        due = write.instant(promise.due_ms * 1000)
        for no in left:
            row = (tenant, id_, promise.code, PARCEL_STEP + no, BUYER, now, due, now)
            await connection.execute(_TELL, row)


def name_parcel(order: Order, step: int) -> str:
    """Name the parcel that a notice is about among those of its order, "1/2"; "" for a breach's."""
    live: Sequence[int] = [f.no for f in order.fulfilments if f.state not in ("cancelled", "lost")]
    no = step - PARCEL_STEP
    return f"{live.index(no) + 1}/{len(live)}" if no in live else ""
