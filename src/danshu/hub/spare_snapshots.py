"""Snapshots that nothing names 无人引用的快照, and what keeps one: it is named.

Whoever writes a digest into a fact or a row that is read again (a decision, a re-decision, a
replan, a simulation of losses) names the snapshot in the same commit. The others are spare once
the head has moved on from them, and go SNAPSHOT_SPARE_MIN later: by then nobody who holds one in
memory decides on it any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.worlds import now_ms
from danshu.kernel.limits import SNAPSHOT_SPARE_MIN, SNAPSHOTS_SWEPT
from danshu.ledger.write import Statement, instant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Connection = Any
# Where it is named already no row is locked, so that nodes do not wait for one another.
_NAME: Final = "update snapshots set named=true where tenant=%b and digest=%b and not named"
# An answered head is what the next one is compared with, however long nothing changed.
_SWEEP: Final = """
with spare as (
  select s.tenant, s.digest from snapshots s where not s.named and s.replaced < %b
  and not exists (select 1 from routing_heads h where h.tenant=s.tenant and h.digest=s.digest)
  and not exists (select 1 from redecided_heads r where r.tenant=s.tenant and r.digest=s.digest)
  order by s.replaced limit %b for update of s skip locked)
delete from snapshots s using spare p where s.tenant=p.tenant and s.digest=p.digest
"""
# The newest parts stay: what is being stored may be about to name one.
_SWEEP_PARTS: Final = """
with spare as (
  select p.tenant, p.digest from snapshot_parts p where p.made < %b and not exists
  (select 1 from snapshots s where s.tenant=p.tenant and s.part=p.digest)
  limit %b for update of p skip locked)
delete from snapshot_parts p using spare x where p.tenant=x.tenant and p.digest=x.digest
"""


def naming(tenant: int, digest: str) -> Statement:
    """Give the statement that names a snapshot, for a commit that says its digest."""
    return Statement(_NAME, (tenant, bytes.fromhex(digest)))


async def name(connection: Connection, tenant: int, digests: Iterable[str]) -> None:
    """Name snapshots in the caller's commit."""
    for digest in sorted(digests):
        said = naming(tenant, digest)
        await connection.execute(said.sql, said.params, binary=True)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room: a full sweep is followed by the next at once."""
    del url

    async def step(connection: Connection) -> int:
        return int(await sweep(connection, now_ms()) == SNAPSHOTS_SWEPT)

    return step


async def sweep(connection: Connection, at_ms: int) -> int:
    """Remove up to SNAPSHOTS_SWEPT spare snapshots, the oldest first; gives how many."""
    before = instant((at_ms - SNAPSHOT_SPARE_MIN * 60_000) * 1000)
    cursor = await connection.execute(_SWEEP, (before, SNAPSHOTS_SWEPT), binary=True)
    gone = int(cursor.rowcount)
    if 0 < gone < SNAPSHOTS_SWEPT:  # once the last are gone
        await connection.execute(_SWEEP_PARTS, (before, SNAPSHOTS_SWEPT), binary=True)
    return gone
