"""What acts of the agent have in common where they touch orders: for which proposal something was
said, orders as they are, and how their promises came out.

Every fact that such an act says names its proposal as the cause. So the log itself tells what was
done for it already, and an act that is repeated does nothing more.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import acts
from danshu.hub.agent_act import Performed
from danshu.kernel import fact
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import COMPLAINT_FEN, SKILL_ORDERS
from danshu.kernel.shares import newcombe
from danshu.ledger import write
from danshu.ports.skill import Cited, Worth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.orders import model
    from danshu.hub.changes import Decide, Held
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = Any
BEGINNABLE: Final = "allocated"
"""The state of a fulfilment order that no warehouse has begun."""
_FACTS: Final = "select stream, body from facts where tenant=%s and stream = any(%s::uuid[])"
_KEPT: Final = """
select count(*) filter (where not bad)::int4, count(*)::int4 from (
  select id, bool_or(state in ('broken','late')) as bad from verdicts
  where tenant=%s and id = any(%s::uuid[]) and state in ('kept','broken','late') group by id) v
"""
_OTHERS: Final = """
select count(*) filter (where not bad)::int4, count(*)::int4 from (
  select v.id, bool_or(v.state in ('broken','late')) as bad from verdicts v
  where v.tenant=%s and v.wh=%s and v.at >= %s and v.at < %s
    and v.state in ('kept','broken','late') and not v.id = any(%s::uuid[])
  group by v.id limit 2000) v
"""
_OWED: Final = """
select coalesce(avg(amount),0)::int8 from (select amount from compensations
  where tenant=%s and proposed >= %s order by proposed desc limit 1000) c
"""
_MONTH_MS: Final = 30 * 86_400_000


def cause_of(proposal: uuid.UUID, what: str = "") -> str:
    """Name a proposal as the cause of a fact; `what` tells its taking back from its doing."""
    return f"proposal:{proposal}{':' if what else ''}{what}"


def read_ids(orders: Sequence[str]) -> list[uuid.UUID]:
    """Read ids of orders. Raises InputError `bad_parameters`."""
    if not 0 < len(orders) <= SKILL_ORDERS or len(set(orders)) < len(orders):
        raise InputError("bad_parameters", f"1 to {SKILL_ORDERS} orders, each once", "/orders")
    try:
        return [uuid.UUID(each) for each in orders]
    except ValueError:
        raise InputError("bad_parameters", "not an order's id", "/orders") from None


async def find_done(
    connection: Connection, tenant: int, orders: Sequence[uuid.UUID], cause: str
) -> set[uuid.UUID]:
    """Give those of the orders that have a fact of this very cause."""
    sought = cause.encode()
    found: set[uuid.UUID] = set()
    cursor = await connection.execute(_FACTS, (tenant, list(orders)))
    for stream, packed in await cursor.fetchall():
        bodies = [body for body in fact.unpack(bytes(packed)) if sought in body]
        if any(fact.read(body).cause == cause for body in bodies):
            found.add(stream)
    return found


async def do_each(
    hub: Hub,
    tenant: int,
    orders: Sequence[uuid.UUID],
    cause: str,
    decide: Decide,
    actor: Actor,
) -> Performed | None:
    """Change each order once for a cause, whatever is repeated; None where none could be."""
    async with hub.connection() as connection:
        done = await find_done(connection, tenant, orders, cause)
    for id_ in orders:
        if id_ not in done:
            told = await hub.change(tenant, id_, decide, actor)
            if not isinstance(told, Refusal):
                done.add(id_)
    if not done:
        return None
    kept = {"orders": [str(each) for each in sorted(done)], "done_ms": hub.clock()}
    return Performed(made=cite(sorted(done)), touched=len(done), kept=kept)


async def read_held(
    connection: Connection, world: World, orders: Iterable[uuid.UUID]
) -> list[Held]:
    """Read orders as they are, without locks; those that are not there are left out."""
    found = [await acts.hold(connection, world, each, locked=False) for each in orders]
    return [held for held in found if held is not None]


def waiting_at(order: model.Order, warehouse: str, sku: str = "") -> list[model.Fulfilment]:
    """Give what of an order this warehouse has not begun; only parts with the SKU where named."""
    return [
        f
        for f in order.fulfilments
        if f.state == BEGINNABLE
        and f.warehouse == warehouse
        and (not sku or any(share.sku == sku for share in f.shares))
    ]


def cite(orders: Iterable[uuid.UUID]) -> tuple[Cited, ...]:
    """Cite orders."""
    return tuple([Cited(kind="order", ref=str(each)) for each in orders])


async def compare_kept(
    connection: Connection,
    tenant: int,
    orders: Sequence[uuid.UUID],
    wh: int,
    since_ms: int,
    until_ms: int,
) -> tuple[int, int, int, int]:
    """Count kept and judged of these orders, and of others of the warehouse judged meanwhile."""
    ids = list(orders)
    mine = await (await connection.execute(_KEPT, (tenant, ids))).fetchone()
    span = (write.instant(since_ms * 1000), write.instant(until_ms * 1000))
    rest = await (await connection.execute(_OTHERS, (tenant, wh, *span, ids))).fetchone()
    return (*(mine or (0, 0)), *(rest or (0, 0)))


async def price_lateness(connection: Connection, tenant: int, now_ms: int) -> int:
    """Give what one broken promise costs, in fen: what such owed lately, and one complaint."""
    since = write.instant((now_ms - _MONTH_MS) * 1000)
    row = await (await connection.execute(_OWED, (tenant, since))).fetchone()
    return COMPLAINT_FEN + int(row[0] if row else 0)


def weigh(counts: tuple[int, int, int, int], fen: int) -> Worth:
    """Give what so many kept promises more are worth, with the interval of the difference."""
    one, one_of, two, two_of = counts
    middle = one / one_of - two / two_of if one_of and two_of else 0.0
    low, high = newcombe(one, one_of, two, two_of) if one_of and two_of else (0.0, 0.0)
    low_fen, mid_fen, high_fen = (round(share * one_of * fen) for share in (low, middle, high))
    return Worth(low_fen=low_fen, mid_fen=mid_fen, high_fen=high_fen)
