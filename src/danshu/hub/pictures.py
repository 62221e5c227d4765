"""The routing picture of a merchant: the newest snapshot, stored under its digest and named by
`routing_heads`.

Whoever finds that the head no longer tells the truth makes the next one: the room `signals`, a
server whose room seems dead, a world that is loaded on a changed network. The head moves only from
where it was read, so that of two who make one, one wins, and the other reads it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing import tables
from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.signals import Quality, Reading, Signals, resolve
from danshu.capabilities.routing.snapshot import Snapshot, deflate_part, load_snapshot
from danshu.hub import canary, cautions, panels, prices
from danshu.ledger.write import instant

if TYPE_CHECKING:
    from danshu.capabilities.routing.network import Network

Connection = Any
_HEAD: Final = "select no,digest,network,until from routing_heads where tenant=%b"
_LATEST: Final = """
select s.key,s.subject,s.source,l.observed,l.received,l.value,l.quality
from signal_sources s left join signal_latest l on l.tenant=s.tenant and l.no=s.no
where s.tenant=%b and (s.retired is null or l.received > extract(epoch from s.retired)*1000)
"""
_POLICY: Final = "select live from policy_heads where tenant=%b and kind='routing'"
_KEEP: Final = """
insert into snapshots(tenant,digest,body,part) values(%b,%b,%b,%b)
on conflict (tenant,digest) do update set replaced=null
"""
# It may be about to be swept: held until this commit, it stays.
_HOLD_PART: Final = "select 1 from snapshot_parts where tenant=%b and digest=%b for share"
_KEEP_PART: Final = """
insert into snapshot_parts(tenant,digest,body) values(%b,%b,%b) on conflict do nothing
"""
_REPLACE: Final = """
update snapshots set replaced=%b where tenant=%b and digest=%b and digest<>%b
"""
_MOVE: Final = """
insert into routing_heads as h (tenant,no,digest,network,taken,until,at)
values(%b,%b,%b,%b,%b,%b,%b) on conflict (tenant) do update set no=excluded.no,
digest=excluded.digest, network=excluded.network, taken=excluded.taken, until=excluded.until,
at=excluded.at where h.no = excluded.no - 1 returning no
"""

_TOUCH: Final = """
insert into signal_moves(tenant,no) values(%b,1)
on conflict (tenant) do update set no = signal_moves.no + 1
"""


class Head(Struct, frozen=True):
    """Which snapshot decides now; it is true until `until_ms` unless a reading comes."""

    no: int
    digest: str
    network: str
    until_ms: int


async def read_head(connection: Connection, tenant: int) -> Head | None:
    """Read a merchant's head; None while no snapshot was ever needed."""
    row = await (await connection.execute(_HEAD, (tenant,), binary=True)).fetchone()
    return None if row is None else Head(row[0], bytes(row[1]).hex(), row[2], row[3])


async def read_snapshot(connection: Connection, tenant: int, digest: str) -> Snapshot | None:
    """Read a stored snapshot, None when it is not kept."""
    asked = (tenant, bytes.fromhex(digest))
    row = await (await connection.execute(tables.READ_SNAPSHOT, asked, binary=True)).fetchone()
    if row is None:
        return None
    # some milliseconds of unpacking, for which no order should wait
    snapshot = await asyncio.to_thread(_unpack, bytes(row[0]), digest)
    if not await panels.attach(connection, tenant, snapshot):
        return None
    await asyncio.to_thread(getattr, snapshot, "estimates")
    return snapshot


def _unpack(raw: bytes, digest: str) -> Snapshot:
    snapshot = load_snapshot(raw, digest)
    assert snapshot.digest == digest  # and it is computed here, not in a decision
    return snapshot


async def read_latest(
    connection: Connection, tenant: int
) -> tuple[list[Reading], list[tuple[str, str]]]:
    """Read the newest reading of each source, and what is registered: (key, subject)."""
    rows = await (await connection.execute(_LATEST, (tenant,), binary=True)).fetchall()
    readings = [
        Reading(
            key=key,
            subject=subject,
            source=source,
            observed_ms=observed,
            received_ms=received,
            value=value,
            quality=Quality(quality),
        )
        for key, subject, source, observed, received, value, quality in rows
        if observed is not None
    ]
    return readings, [(row[0], row[1]) for row in rows]


async def current(connection: Connection, tenant: int, network: Network, now_ms: int) -> Snapshot:
    """Give the snapshot to decide on: the head's, or a new one when that is of another network or
    no longer true.
    """
    head = await read_head(connection, tenant)
    if head is not None and head.network == network.digest and now_ms <= head.until_ms:
        kept = await read_snapshot(connection, tenant, head.digest)
        if kept is not None:
            return kept
    return await renew(connection, tenant, network, now_ms)


async def renew(connection: Connection, tenant: int, network: Network, now_ms: int) -> Snapshot:
    """Resolve what is known now; store it and move the head if it says anything else than the head
    does. Gives the snapshot that the head names afterwards.
    """
    while True:
        head = await read_head(connection, tenant)
        kept = await read_snapshot(connection, tenant, head.digest) if head else None
        readings, registered = await read_latest(connection, tenant)
        signals = resolve(join(readings, now_ms), network, now_ms, registered)
        await canary.confirm(connection, tenant, network, signals)
        made = await compose(connection, tenant, network, signals)
        if kept is not None and head is not None and now_ms <= head.until_ms and alike(made, kept):
            return kept
        if await _publish(connection, tenant, head, made):
            return made


async def touch(connection: Connection, tenant: int) -> None:
    """Say that something that snapshots are made of has changed: the room looks within a second."""
    await connection.execute(_TOUCH, (tenant,), binary=True)


async def compose(
    connection: Connection, tenant: int, network: Network, signals: Signals
) -> Snapshot:
    """Put a snapshot together: what else than signals belongs to it is read here."""
    row = await (await connection.execute(_POLICY, (tenant,), binary=True)).fetchone()
    return Snapshot(
        network,
        signals,
        await prices.active(connection, tenant, network),
        policy=bytes(row[0]).hex() if row else "",
        cautions=await cautions.read(connection, tenant, network, signals),
        figures=await panels.figures(connection, tenant),
        panel=await panels.active(connection, tenant),
    )


def alike(one: Snapshot, other: Snapshot) -> bool:
    """Tell whether two snapshots decide alike: everything but when their readings were made."""
    return (
        one.network.digest == other.network.digest
        and one.policy == other.policy
        and one.figures == other.figures
        and one.prices.version == other.prices.version
        and one.panel_digest == other.panel_digest
        and np.array_equal(one.cautions.veto, other.cautions.veto)
        and np.array_equal(one.cautions.surcharge_fen, other.cautions.surcharge_fen)
        and one.signals.fields.keys() == other.signals.fields.keys()
        and all(
            np.array_equal(field.value, other.signals.fields[key].value)
            and np.array_equal(field.status, other.signals.fields[key].status)
            for key, field in one.signals.fields.items()
        )
    )


async def _publish(connection: Connection, tenant: int, after: Head | None, made: Snapshot) -> bool:
    """Store a snapshot and move the head from `after` to it; False when it has moved meanwhile."""
    digest = bytes.fromhex(made.digest)
    signals = made.signals
    no = after.no if after else 0
    moved = (tenant, no + 1, digest, made.network.digest, signals.taken_ms)
    at = instant(time.time_ns() // 1000)
    async with connection.transaction():
        cursor = await connection.execute(_MOVE, (*moved, signals.valid_until_ms, at), binary=True)
        if await cursor.fetchone() is None:
            return False
        await _keep(connection, tenant, made)
        if after is not None:  # from now on its age counts, see spare_snapshots.py
            was = (at, tenant, bytes.fromhex(after.digest), digest)
            await connection.execute(_REPLACE, was, binary=True)
        return True


async def _keep(connection: Connection, tenant: int, made: Snapshot) -> None:
    """Store a snapshot: by itself what is its own, once what others have too."""
    name, common = made.part()
    part = (tenant, bytes.fromhex(name))
    cursor = await connection.execute(_HOLD_PART, part, binary=True)
    if await cursor.fetchone() is None:
        told = await asyncio.to_thread(deflate_part, common)
        await connection.execute(_KEEP_PART, (*part, told), binary=True)
    row = (tenant, bytes.fromhex(made.digest), made.dump_own(), part[1])
    await connection.execute(_KEEP, row, binary=True)
