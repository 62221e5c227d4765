"""Chases 催件: a carrier asked about its parcels on a lane, once a day; and whether that helped."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.order_skill_facts import LaneChased, LaneChaseWithdrawn
from danshu.kernel.limits import CHASE_DAYS
from danshu.ledger import write
from danshu.ports.skill import Worth

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Actor

Connection = Any
UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_DAY_MS: Final = 86_400_000
_Z80: Final = 1.2816
_PUT: Final = """
insert into lane_chases(tenant,carrier,wh,region,day,proposal,parcels,at)
values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,carrier,wh,region,day) do nothing
"""
_WHOSE: Final = """
select proposal from lane_chases where tenant=%s and carrier=%s and wh=%s and region=%s and day=%s
"""
_WITHDRAW: Final = """
update lane_chases set withdrawn=true where tenant=%s and carrier=%s and wh=%s and region=%s
and day=%s and not withdrawn
"""
_FORGET: Final = "delete from lane_chases where tenant=%s and day < %s"
_LATE: Final = """
select carrier=%s, at >= %s, count(*) filter (where state in ('broken','late'))::int4,
  count(*)::int4 from verdicts
where tenant=%s and wh=%s and at >= %s and at < %s and state in ('kept','broken','late')
group by 1,2
"""


class Lane(Struct, frozen=True, kw_only=True):
    """A carrier from a warehouse to a region."""

    carrier: str
    warehouse: str
    region: str


def day_of(now_ms: int) -> datetime.date:
    """Give the day of China."""
    return datetime.datetime.fromtimestamp(now_ms / 1000, UTC8).date()


async def put(
    connection: Connection,
    tenant: int,
    lane: Lane,
    proposal: uuid.UUID,
    counts: tuple[int, int],
    actor: Actor,
    now_ms: int,
) -> bool:
    """Note a chase of today in the caller's transaction, of (parcels, asked by a connector); tells
    whether it is this proposal's. Repeated, nothing is said again.
    """
    day = day_of(now_ms)
    place = (tenant, lane.carrier, lane.warehouse, lane.region, day)
    row = (*place, proposal, counts[0], write.instant(now_ms * 1000))
    if (await connection.execute(_PUT, row)).rowcount != 1:
        found = await (await connection.execute(_WHOSE, place)).fetchone()
        return bool(found and found[0] == proposal)
    oldest = day - datetime.timedelta(days=CHASE_DAYS)
    await connection.execute(_FORGET, (tenant, oldest))
    said = LaneChased(
        asked=counts[1],
        carrier=lane.carrier,
        day=day.isoformat(),
        parcels=counts[0],
        proposal=str(proposal),
        region=lane.region,
        warehouse=lane.warehouse,
    )
    await merchants.say(connection, tenant, actor, said)
    return True


async def withdraw(connection: Connection, tenant: int, lane: Lane, day: str, actor: Actor) -> None:
    """Say that a chase is taken back; repeated, nothing is said again."""
    place = (tenant, lane.carrier, lane.warehouse, lane.region, day)
    async with connection.transaction():
        if (await connection.execute(_WITHDRAW, place)).rowcount == 1:
            said = LaneChaseWithdrawn(
                carrier=lane.carrier, day=day, region=lane.region, warehouse=lane.warehouse
            )
            await merchants.say(connection, tenant, actor, said)


class Change(Struct, frozen=True, kw_only=True):
    """Shares late of the carrier before and after, and of others there; `low`, `mid`, `high`: how
    much further the carrier's fell, with 80 %.
    """

    before: float
    after: float
    counted: int
    low: float
    mid: float
    high: float

    def worth(self, parcels: int, fen: int) -> Worth:
        """Give what that is worth for so many parcels."""
        low, mid, high = (round(each * parcels * fen) for each in (self.low, self.mid, self.high))
        return Worth(low_fen=low, mid_fen=mid, high_fen=high)


async def compare(
    connection: Connection, tenant: int, carrier: str, wh: int, done_ms: int, now_ms: int
) -> Change | None:
    """Compare the carrier's lateness from a warehouse before and after with that of the others:
    what fell for all is not the chase's. None while one of the four has nothing judged.
    """
    done, now = write.instant(done_ms * 1000), write.instant(now_ms * 1000)
    since = done - max(now - done, datetime.timedelta(milliseconds=_DAY_MS))
    cursor = await connection.execute(_LATE, (carrier, done, tenant, wh, since, now))
    seen = {(mine, later): (late, n) for mine, later, late, n in await cursor.fetchall()}
    if len(seen) < 4:
        return None
    share = {key: late / n for key, (late, n) in seen.items()}
    spread = math.sqrt(sum((p := (late + 1) / (n + 2)) * (1 - p) / n for late, n in seen.values()))
    fell = share[True, False] - share[True, True]
    mid = fell - (share[False, False] - share[False, True])
    return Change(
        before=share[True, False],
        after=share[True, True],
        counted=sum(n for _, n in seen.values()),
        low=mid - _Z80 * spread,
        mid=mid,
        high=mid + _Z80 * spread,
    )
