"""The room `waiting`: units that no warehouse could give are allocated when stock comes in.

Whoever has the earlier deadline comes first, then whoever came first; an order that cannot be
served yet keeps its place and does not hold up those behind it. Only SKUs of which there is more
than when the last pass ended are looked at, and all of them once in WAITING_AGAIN_S, for the
network may have changed. A pass moves on in the commits of what it allocates, so that it goes on
where it stopped.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import acts, hold_rules
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import WAITING_AGAIN_S, WAITING_GROUP, WAITING_STEP
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World
    from danshu.kernel.errors import Refusal

Connection = Any
ACTOR: Final = Actor(sub="waiting", role="system", grade="C")
_log = logging.getLogger("danshu.waiting")
# SKUs that anybody waits for, found by jumping from one to the next in the index; what there is of
# them, warehouse by warehouse by key; those whose pass goes on, or is due.
_DUE: Final = """
with recursive names as (
  (select tenant, sku from waiting_units order by tenant, sku limit 1)
  union all
  select n.tenant, n.sku from names m cross join lateral (
    select tenant, sku from waiting_units where (tenant, sku) > (m.tenant, m.sku)
    order by tenant, sku limit 1) n)
select n.tenant, n.sku, a.units, t.due, t.id from names n
join skus k on k.tenant=n.tenant and k.code=n.sku
cross join lateral (
  select coalesce(sum(greatest(0, s.on_hand-s.reserved-s.safety)), 0)::int8 as units
  from warehouses h join stock s on s.tenant=h.tenant and s.wh=h.no and s.sku=k.no
  where h.tenant=n.tenant) a
left join waiting_turns t on t.tenant=n.tenant and t.sku=n.sku
where a.units > 0 and (t.sku is null or t.id is not null or a.units > t.units
  or t.tried < clock_timestamp() - make_interval(secs => %s))
order by n.tenant, n.sku
"""
_NEXT: Final = """
select id, coalesce(due, 'infinity'), due is null from waiting_units
where tenant=%s and sku=%s
and (coalesce(due, 'infinity'), id) > (coalesce(%s::timestamptz, '-infinity'), %s)
order by coalesce(due, 'infinity'), id limit %s
"""
_KEEP: Final = """
insert into waiting_turns as t (tenant,sku,units,tried,due,id)
values (%(tenant)s,%(sku)s,%(units)s,clock_timestamp(),
  case when %(endless)s then 'infinity' else %(due)s::timestamptz end,%(id)s)
on conflict (tenant,sku) do update set units=excluded.units, tried=excluded.tried,
due=excluded.due, id=excluded.id
"""
_FORGET: Final = """
delete from waiting_turns t where not exists
  (select 1 from waiting_units w where w.tenant=t.tenant and w.sku=t.sku)
"""
_ALONE: Final = "select pg_try_advisory_lock(%s)"
_LOCK: Final = 0x77616974  # "wait"
_NOBODY: Final = uuid.UUID(int=0)


class Turn(Struct, frozen=True):
    """A pass over those who wait for a SKU. `units` are free; `id` is whose turn was last."""

    tenant: int
    sku: str
    units: int
    due: datetime.datetime | None
    id: uuid.UUID | None


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 while somebody may still be served."""
    return WaitingRoom(url).look


class WaitingRoom:
    """The worlds of this room; two rooms never work at the same time."""

    def __init__(self, url: str, clock: Callable[[], int] = now_ms) -> None:
        self.worlds: Final = Worlds(url, clock)
        self._clock = clock

    async def look(self, connection: Connection) -> int:
        """Serve those who wait, at most WAITING_STEP orders a SKU; 1 when more may be served."""
        row = await (await connection.execute(_ALONE, (_LOCK,))).fetchone()
        if not row[0]:
            return 0
        try:
            rows = await (await connection.execute(_DUE, (WAITING_AGAIN_S,))).fetchall()
            if not rows:
                await connection.execute(_FORGET)
            goes_on = False
            for row in rows:
                goes_on = await self._pass(connection, Turn(*row)) or goes_on
            return int(goes_on)
        finally:
            await connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))

    async def _pass(self, connection: Connection, turn: Turn) -> bool:
        """Go on with a pass; True when it has not come to its end."""
        self.worlds.distrust({turn.tenant})
        try:
            world = await self.worlds.ensure(turn.tenant)
        except InputError:  # a merchant without a network has nobody who could be served
            return False
        if turn.sku not in world.skus:
            return False
        place = (turn.due, turn.id or _NOBODY)
        for _ in range(WAITING_STEP // WAITING_GROUP):
            asked = (turn.tenant, turn.sku, *place, WAITING_GROUP)
            rows = await (await connection.execute(_NEXT, asked)).fetchall()
            left = int(world.atp[world.skus[turn.sku][0]].sum())
            if not rows or left == 0:
                await self._keep(connection, turn, left, None, endless=False)
                return False
            async with connection.transaction():
                for id_, _, _ in rows:
                    await self._serve(connection, world, id_)
                last, due, endless = rows[-1]
                place = (due, last)
                await self._keep(connection, turn, turn.units, rows[-1], endless=endless)
        return True

    async def _serve(self, connection: Connection, world: World, id_: uuid.UUID) -> None:
        """Allocate what an order waits for; one that cannot be decided holds up nobody."""
        try:
            async with connection.transaction():
                await acts.change(connection, world, id_, ACTOR, self._clock(), serve)
        except write.GuardFailed:  # others took it: the stock is read again for the next
            self.worlds.distrust({world.tenant})
            await self.worlds.ensure(world.tenant)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - logged; one order must not stop those behind it
            _log.exception("order %s cannot be served", id_)

    async def _keep(
        self,
        connection: Connection,
        turn: Turn,
        units: int,
        row: tuple[Any, ...] | None,
        *,
        endless: bool,
    ) -> None:
        kept = {
            "tenant": turn.tenant,
            "sku": turn.sku,
            "units": units,
            "endless": endless,
            "due": row[1] if row and not endless else None,
            "id": row[0] if row else None,
        }
        await connection.execute(_KEEP, kept)


def serve(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Allocate what is open of an order, letting go what was held until stock came."""
    return hold_rules.allocate(world, held, now_ms)
