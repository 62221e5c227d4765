"""The canary 金丝雀: how many cold orders a zone takes before a temperature has confirmed them.

Of cold orders (冷藏, 冷冻) at most CANARY_ORDERS may be decided into one zone until its probes,
read after those decisions, agree within their band. The count is a row that the order's own commit
moves under a guard, as it reserves stock, so that it holds over all processes; what a process
remembers only predicts, and a wrong prediction decides the group again. Whoever makes snapshots
takes the confirmed decisions away. An order that finds a full zone goes elsewhere; one that finds
nothing else is held, and the room `failsafe` decides it again when the zone is confirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.routing.closures import COLD
from danshu.capabilities.routing.cold import find_confirmed
from danshu.capabilities.routing.score import CHILLED, FROZEN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import CANARY_ORDERS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals
    from danshu.kernel.fact import Said

Connection = Any
Zone = tuple[int, int]  # class position, warehouse row
Counts = list[tuple[int, int, int, int]]  # (tenant, warehouse, class, decisions), in key order
HOLD: Final = "cold_canary"
# One row a zone, in key order; the count fails the transaction when a zone would be over.
COUNT: Final = """
with want as materialized (
  select * from unnest(%b::int4[],%b::int4[],%b::int2[],%b::int4[]) t(tenant,wh,class,n)
  order by 1,2,3),
put as (
  insert into cold_canaries as c (tenant,wh,class,decided)
  select tenant, wh, class, array_fill(%b::int8, array[n]) from want where n <= %b
  on conflict (tenant,wh,class) do update set decided = c.decided || excluded.decided
  where cardinality(c.decided) + cardinality(excluded.decided) <= %b returning 1)
select (select 1/(count(*)=%b)::int from put)
"""
_READ: Final = """
select tenant, class, wh, cardinality(decided) from cold_canaries
where tenant = any(%b::int4[]) and decided <> '{}'
"""
_CONFIRM: Final = """
with held as materialized (
  select c.tenant, c.wh, c.class, w.seen
  from unnest(%b::int4[],%b::int2[],%b::int8[]) w(wh,class,seen)
  join cold_canaries c on c.tenant=%b and c.wh=w.wh and c.class=w.class
  where w.seen >= any(c.decided) order by c.tenant, c.wh, c.class for update of c)
update cold_canaries c set decided = array(select t from unnest(c.decided) t where t > h.seen)
from held h where c.tenant=h.tenant and c.wh=h.wh and c.class=h.class
"""
WAIT: Final = (
    "insert into cold_waits(tenant,id) select * from unnest(%b::int4[],%b::uuid[])"
    " on conflict do nothing"
)


def count(counts: Counts, now_ms: int) -> write.Statement:
    """Give the statement that counts a group's decisions at `now_ms`; one too many divides by
    zero.
    """
    t, wh, storage, n = zip(*counts, strict=True)
    numbers = (write.int4s(t), write.int4s(wh), write.int2s(storage), write.int4s(n))
    return write.Statement(COUNT, (*numbers, now_ms, CANARY_ORDERS, CANARY_ORDERS, len(counts)))


async def count_in(connection: Connection, tenant: int, zones: Iterable[Zone], now_ms: int) -> None:
    """Count decisions in the caller's transaction; one too many divides by zero."""
    counts = sum_zones(tenant, zones)
    if counts:
        told = count(counts, now_ms)
        await connection.execute(told.sql, told.params, binary=True)


def sum_zones(tenant: int, zones: Iterable[Zone]) -> Counts:
    """Count zones by their rows, in key order."""
    found: dict[Zone, int] = {}
    for zone in zones:
        found[zone] = found.get(zone, 0) + 1
    return sorted((tenant, wh, storage, n) for (storage, wh), n in found.items())


async def read(connection: Connection, tenants: Sequence[int]) -> dict[int, dict[Zone, int]]:
    """Read how many decisions of each zone wait for a temperature, by tenant."""
    found: dict[int, dict[Zone, int]] = {tenant: {} for tenant in tenants}
    cursor = await connection.execute(_READ, (write.int4s(tenants),), binary=True)
    for tenant, storage, wh, n in await cursor.fetchall():
        found[tenant][storage, wh] = n
    return found


async def confirm(connection: Connection, tenant: int, network: Network, signals: Signals) -> None:
    """Take away the decisions that readings confirm: probes that agree within the band, read
    after them.
    """
    seen = find_confirmed(network, signals)
    if seen and (await read(connection, [tenant]))[tenant]:
        zones = sorted(seen)
        columns = (
            write.int4s([wh for _, wh in zones]),
            write.int2s([storage for storage, _ in zones]),
            write.int8s([seen[zone] for zone in zones]),
        )
        await connection.execute(_CONFIRM, (*columns, tenant), binary=True)


def zones_of(watched: frozenset[Zone], parts: Iterable[tuple[int, int]]) -> set[Zone]:
    """Give the watched zones that a plan's parts (storage bits, warehouse row) lie in."""
    return {
        (position, wh)
        for storage, wh in parts
        if storage & COLD
        for position in (CHILLED, FROZEN)
        if storage >> position & 1 and (position, wh) in watched
    }


def hold(order: Order) -> tuple[Order, list[Said]]:
    """Hold an order whose cold goods found only full zones; gives what is to be said."""
    if HOLD in order.holds:
        return order, []
    done = orders.act(order, orders.Command(event="hold", reason=HOLD), 0)
    return (order, []) if isinstance(done, Refusal) else (done.order, list(done.said))
