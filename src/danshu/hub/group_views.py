"""团 as people watch them: who has joined, what is still needed, and what came of each.

Who has joined is read with the groups, in their commit; where their orders are and what was paid
back follows the log.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.model import State
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    import datetime

    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
LAST: Final = uuid.UUID(int=2**128 - 1)
_GONE_ON: Final = (int(State.RELEASED), int(State.COMPLETED))
# Of each group of the page its orders are counted by an index of their own.
_PAGE: Final = """
select g.id, g.type, g.code, g.leader, g.pickup, g.region, g.opened, g.closes, g.decided,
  g.minimum, g.state, case when g.state='open' then c.joined else g.joined end, c.waiting, c.units,
  c.paid, c.refunded, c.released
from (select * from order_groups where tenant=%(tenant)s and id < %(before)s
  and (%(state)s = '' or state=%(state)s) and (%(type)s = '' or type=%(type)s)
  order by id desc limit %(limit)s) g
cross join lateral (
  select count(*) filter (where t.alive and t.paid) as joined,
    count(*) filter (where t.alive and not t.paid) as waiting,
    coalesce(sum(t.units) filter (where t.alive and t.paid), 0)::int8 as units,
    coalesce(sum(m.paid), 0)::int8 as paid, coalesce(sum(m.refunded), 0)::int8 as refunded,
    count(*) filter (where w.state between %(from)s and %(to)s) as released
  from typed_orders t left join order_money m on m.tenant=t.tenant and m.id=t.id
  left join worklist w on w.tenant=t.tenant and w.id=t.id
  where t.tenant=g.tenant and t.code=g.type and t.grp=g.code and t.grp <> '') c
order by g.id desc
"""
_COUNTS: Final = "select state, count(*) from order_groups where tenant=%s group by 1"
_ORDERS: Final = """
select t.id, o.doc, t.stage, t.units, t.paid, t.alive, o.state, o.total
from typed_orders t join orders o on o.tenant=t.tenant and o.id=t.id
where t.tenant=%(tenant)s and t.code=%(code)s and t.grp <> '' and t.id < %(before)s
and (%(group)s = '' or t.grp=%(group)s) order by t.id desc limit %(limit)s
"""


class _Numbered(Struct, frozen=True):
    """What is read of an order's document."""

    number: str = ""


_decode: Final = msgspec.json.Decoder(_Numbered).decode


class GroupWatched(Struct, frozen=True, kw_only=True):
    """A group. `joined` orders have paid, `waiting` have not yet; `needed` more make it form.

    `units` of those that joined. `paid` came in for it, `refunded` went back, in minor units;
    `released` orders of it have gone on to their warehouse. Times are RFC 3339, "" = not yet.
    """

    id: uuid.UUID
    type: str
    code: str
    leader: str
    pickup: str
    region: str
    place: str
    opened: str
    closes: str
    decided: str
    minimum: int
    state: str
    joined: int
    needed: int
    waiting: int
    units: int
    paid: int
    refunded: int
    released: int


class GroupOrder(Struct, frozen=True, kw_only=True):
    """An order of a group: its stage by its type, its state, whether its part is paid; `alive` it
    has not been cancelled. `total` in minor units.
    """

    order: uuid.UUID
    number: str
    stage: str
    state: str
    units: int
    paid: bool
    alive: bool
    total: int


def _told(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


async def list_watched(
    connection: Connection,
    world: World,
    *,
    state: str,
    code: str,
    before: uuid.UUID,
    limit: int,
) -> list[GroupWatched]:
    """List groups of all types or of one, the newest first; `state` "" = all."""
    asked = {
        "tenant": world.tenant, "state": state, "type": code, "before": before, "limit": limit,
        "from": _GONE_ON[0], "to": _GONE_ON[1],
    }  # fmt: skip
    rows = await (await connection.execute(_PAGE, asked)).fetchall()
    return [
        GroupWatched(
            id=r[0],
            type=r[1],
            code=r[2],
            leader=r[3],
            pickup=r[4],
            region=r[5],
            place=" ".join(dict.fromkeys(world.places.get(r[5], ("", r[5])))).strip(),
            opened=_told(r[6]),
            closes=_told(r[7]),
            decided=_told(r[8]),
            minimum=r[9],
            state=r[10],
            joined=r[11],
            needed=max(0, r[9] - r[11]),
            waiting=r[12],
            units=r[13],
            paid=r[14],
            refunded=r[15],
            released=r[16],
        )
        for r in rows
    ]


async def count_states(connection: Connection, tenant: int) -> dict[str, int]:
    """Count a merchant's groups by state."""
    return dict(await (await connection.execute(_COUNTS, (tenant,))).fetchall())


async def list_orders(
    connection: Connection, tenant: int, code: str, group: str, before: uuid.UUID, limit: int
) -> list[GroupOrder]:
    """List the orders of a type's group, "" = of all its groups, the newest first."""
    asked = {"tenant": tenant, "code": code, "group": group, "before": before, "limit": limit}
    rows = await (await connection.execute(_ORDERS, asked)).fetchall()
    return [
        GroupOrder(
            order=r[0],
            number=_decode(bytes(r[1])).number,
            stage=r[2],
            units=r[3],
            paid=r[4],
            alive=r[5],
            state=State(r[6]).word,
            total=r[7],
        )
        for r in rows
    ]
