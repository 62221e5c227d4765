"""Re-decision 信号改派: open orders whose warehouse a new snapshot closes are decided again.

A run answers one snapshot: it passes over the open orders that may be touched, in groups of one
commit each. What becomes of an order is written in the commit that says it (`redecision_items`), so
a run goes on where it stopped, whoever died where. Servers decide on the snapshot before for a
moment longer: the last pass begins after that, waits for orders that others hold, and finds all.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.routing.closures import (
    Closure,
    find_closures,
    find_cuts,
    name_closures,
)
from danshu.capabilities.routing.signals import Signals
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.hub import (
    pictures,
    redeciding_capacity,
    redeciding_rows,
    spare_snapshots,
)
from danshu.hub import redeciding_walk as walking
from danshu.hub.redeciding_group import WAITING, Run
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import (
    REDECIDE_DAYS,
    REDECIDE_GROUP,
    REDECIDE_HANDS,
    REDECIDE_SETTLE_S,
)
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from danshu.hub.redeciding_shares import Shares
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
_OPEN_RUN: Final = """
select no, before, after, closed from redecisions where tenant=%b and ended is null
order by no limit 1
"""
_HANDLED: Final = "select no, digest from redecided_heads where tenant=%b"
_HANDLE: Final = """
insert into redecided_heads as h (tenant,no,digest) values(%b,%b,%b)
on conflict (tenant) do update set no=excluded.no, digest=excluded.digest where h.no < excluded.no
"""
_BEGIN: Final = """
insert into redecisions(tenant,no,before,after,closed) values(%b,%b,%b,%b,%b) on conflict do nothing
"""
_IS_TIME: Final = (
    "select now() >= began + make_interval(secs => %b) from redecisions where tenant=%b and no=%b"
)
_END: Final = "update redecisions set ended=now() where tenant=%b and no=%b and ended is null"
_SWEEP: Final = """
delete from redecision_items i using redecisions r where r.tenant=%b and i.tenant=r.tenant
and i.no=r.no and r.ended < now() - make_interval(days => %b)
"""
# A run of more than a group is shared out where a merchant may have one.
_IS_LARGE: Final = """
select count(*) = %b from
(select 1 from orders where tenant=%b and state=any(%b::int2[]) limit %b) o
"""
_decode_closed = msgspec.json.Decoder(tuple[Closure, ...]).decode
_encode = msgspec.json.encode
_log = logging.getLogger("danshu.redeciding")


def declared(snapshot: Snapshot) -> Snapshot:
    """Give the same network as it is where nothing is connected."""
    return Snapshot(snapshot.network, Signals(0, {}))


async def answer_head(connection: Connection, tenant: int, head: pictures.Head, at_ms: int) -> bool:
    """Begin a run when the head's snapshot closes what the last answered one left open, or leaves
    a warehouse less work a day than lies there.

    Gives whether one was begun. The head counts as answered in the same commit.
    """
    row = await (await connection.execute(_HANDLED, (tenant,), binary=True)).fetchone()
    if row is not None and row[0] >= head.no:
        return False
    after = await pictures.read_snapshot(connection, tenant, head.digest)
    if after is None:
        return False
    before = await pictures.read_snapshot(connection, tenant, bytes(row[1]).hex()) if row else None
    closures = find_closures(before or declared(after), after)
    cuts = find_cuts((before or after).network, after.network)
    leaving = await redeciding_capacity.choose(connection, tenant, cuts, at_ms)
    is_due = bool(leaving) or not closures.is_empty
    digest = bytes.fromhex(head.digest)
    async with connection.transaction():
        if is_due:
            closed = _encode((*name_closures(closures, after.network), *_name_cuts(leaving, after)))
            was = bytes.fromhex(before.digest) if before else None
            await connection.execute(_BEGIN, (tenant, head.no, was, digest, closed), binary=True)
            told = [head.digest, *([before.digest] if before else [])]
            await spare_snapshots.name(connection, tenant, told)
            ids = sorted({id_ for each in leaving.values() for id_ in each})
            await redeciding_rows.note(connection, tenant, head.no, ids, WAITING)
        await connection.execute(_HANDLE, (tenant, head.no, digest), binary=True)
    return is_due


def _name_cuts(leaving: Iterable[str], after: Snapshot) -> Iterator[Closure]:
    for code in leaving:
        regions = len(after.network.regions)
        yield Closure(
            reason=redeciding_capacity.REASON, regions=regions, storage="", warehouse=code
        )


async def is_large(connection: Connection, tenant: int) -> bool:
    """Tell whether a merchant has more open orders than a group."""
    asked = (REDECIDE_GROUP, tenant, write.int2s(walking.OPEN), REDECIDE_GROUP)
    row = await (await connection.execute(_IS_LARGE, asked, binary=True)).fetchone()
    return row is not None and bool(row[0])


async def open_run(connection: Connection, tenant: int) -> Run | None:
    """Read the oldest run that has not ended."""
    row = await (await connection.execute(_OPEN_RUN, (tenant,), binary=True)).fetchone()
    if row is None:
        return None
    no, before, after = row[0], row[1], bytes(row[2]).hex()
    named = _decode_closed(bytes(row[3]))
    made = await pictures.read_snapshot(connection, tenant, after)
    if made is None:
        raise ProgramError(f"the snapshot {after} of re-decision {no} is not kept")
    was = None
    if before is not None:
        was = await pictures.read_snapshot(connection, tenant, bytes(before).hex())
    closures = find_closures(was or declared(made), made)
    return Run(
        no=no,
        before=was.digest if was else "",
        after=after,
        closures=closures,
        cuts=frozenset(c.warehouse for c in named if c.reason == redeciding_capacity.REASON),
    )


async def advance(
    connections: Sequence[Connection],
    worlds: Worlds,
    tenant: int,
    run: Run,
    now_ms: Callable[[], int],
    until_s: float,
    ways: dict[int, walking.Walk],
    shares: Shares | None = None,
) -> bool | None:
    """Take a run further until `until_s` of the monotonic clock.

    `ways` keeps each merchant's walk from one step to the next. Where a group is full, `shares`
    take the others. Gives True when the run has ended, None when it only waits for the servers to
    settle, else False.
    """
    connection = connections[0]
    world = await worlds.ensure(tenant)
    if world.snapshot.digest != run.after:
        await worlds.look()
        world = await worlds.ensure(tenant)
    settle = (REDECIDE_SETTLE_S, tenant, run.no)
    row = await (await connection.execute(_IS_TIME, settle, binary=True)).fetchone()
    way = ways.get(tenant)
    if way is None or way.run.no != run.no:
        way = walking.Walk(world, run, is_last=False)
    elif not way.states and not way.is_last and (row is None or row[0]):
        way = walking.Walk(world, run, is_last=True)
    ways[tenant], is_last = way, way.is_last
    if shares is not None and not is_last:
        is_over = await walking.walk(
            connections[:1], worlds, tenant, way, now_ms, until_s, until_full=True
        )
        if not is_over and not await shares.walk(tenant, run.no):
            return False
    used = connections[:1] if is_last else connections[:REDECIDE_HANDS]
    if not await walking.walk(used, worlds, tenant, way, now_ms, until_s):
        return False
    if not is_last:
        return None
    async with connection.transaction():
        await connection.execute(_END, (tenant, run.no), binary=True)
        await connection.execute(_SWEEP, (tenant, REDECIDE_DAYS), binary=True)
    ways.pop(tenant)
    return True
