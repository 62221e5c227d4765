"""The room `twin`: judges every merchant's cold zones, stops what S4 vetoes, and takes it again
when model and sensors have agreed for a while. A change is a fact and makes the next snapshot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.signals import resolve
from danshu.capabilities.routing.twin.judge import AGREE_MIN, Cause, Verdict, horizons, judge_zone
from danshu.capabilities.routing.twin.state import Sensors
from danshu.hub import masters, merchants, pictures, twin
from danshu.hub.twin_facts import TwinCleared, TwinStopped
from danshu.hub.worlds import now_ms
from danshu.kernel.fact import Actor
from danshu.kernel.limits import TWIN_LOOK_MS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.capabilities.routing.twin.state import State

Connection = Any
ACTOR: Final = Actor(sub="hub", role="twin")
_DAY_MIN: Final = 1_440
_UTC8_MIN: Final = 480  # cut-offs are told in China's time
_DROP_MS: Final = 3_600_000
_TENANTS: Final = """
select distinct s.tenant, t.revision from signal_sources s join tenants t on t.id=s.tenant
where s.key='zone_temp' order by 1
"""
_STOPS: Final = "select wh, class, cause, since, agreed from twin_stops where tenant=%s"
_STOP: Final = """
insert into twin_stops(tenant,wh,class,cause,zone,detail,since,agreed)
values(%s,%s,%s,%s,%s,%s,%s,0)
on conflict (tenant,wh,class) do update set cause=excluded.cause, zone=excluded.zone,
detail=excluded.detail, since=excluded.since, agreed=0
"""
_AGREED: Final = "update twin_stops set agreed=%s where tenant=%s and wh=%s and class=%s"
_CLEAR: Final = "delete from twin_stops where tenant=%s and wh=%s and class=%s returning cause"
Place = tuple[str, str]  # warehouse, storage class


class Stop(NamedTuple):
    """A stopped class: why, since when, since when model and sensors agree again (0 = not yet)."""

    cause: str
    since_ms: int
    agreed_ms: int


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    room = TwinRoom()

    async def step(connection: Connection) -> int:
        await room.look(connection, now_ms())
        return 0

    return step


class TwinRoom:
    """What the room remembers: when it looked, networks and snapshots that it has read."""

    def __init__(self) -> None:
        self._looked_ms = 0
        self._dropped_ms = 0
        self._networks: dict[int, tuple[int, Network]] = {}
        self._snapshots: dict[int, Snapshot] = {}

    async def look(self, connection: Connection, at_ms: int) -> int:
        """Judge all merchants' zones when it is time; gives how many classes changed."""
        if at_ms - self._looked_ms < TWIN_LOOK_MS:
            return 0
        self._looked_ms = at_ms
        if at_ms - self._dropped_ms > _DROP_MS:
            self._dropped_ms = at_ms
            await twin.drop_frames(connection, at_ms)
        changed = 0
        for tenant, revision in await (await connection.execute(_TENANTS)).fetchall():
            network = await self._network(connection, tenant, revision)
            if network is not None:
                snapshot = await self._snapshot(connection, tenant, network, at_ms)
                changed += await judge_all(connection, tenant, snapshot, at_ms)
        return changed

    async def _network(self, connection: Connection, tenant: int, revision: int) -> Network | None:
        known = self._networks.get(tenant)
        if known is None or known[0] != revision:
            read = await masters.load_network(connection, tenant)
            if read is None:
                return None
            known = self._networks[tenant] = read
        return known[1]

    async def _snapshot(
        self, connection: Connection, tenant: int, network: Network, at_ms: int
    ) -> Snapshot:
        """Give the snapshot of the head, read once; without a head it is made."""
        head = await pictures.read_head(connection, tenant)
        known = self._snapshots.get(tenant)
        if head is not None and head.network == network.digest:
            if known is not None and known.digest == head.digest:
                return known
            read = await pictures.read_snapshot(connection, tenant, head.digest)
            if read is not None:
                self._snapshots[tenant] = read
                return read
        self._snapshots[tenant] = await pictures.current(connection, tenant, network, at_ms)
        return self._snapshots[tenant]


async def judge_all(connection: Connection, tenant: int, snapshot: Snapshot, at_ms: int) -> int:
    """Judge a merchant's zones and write what changed; gives how many classes did."""
    network = snapshot.network
    readings, registered = await pictures.read_latest(connection, tenant)
    signals = resolve(join(readings, at_ms), network, at_ms, registered)
    states = await twin.read_states(connection, tenant, network, signals, at_ms)
    minute = (at_ms // 60_000 + _UTC8_MIN) % _DAY_MIN
    horizon = horizons(snapshot, minute).tolist()
    told = judge_states(states, [horizon[network.warehouse_index[s.warehouse]] for s in states])
    async with connection.transaction():
        rows = await (await connection.execute(_STOPS, (tenant,))).fetchall()
        stops = {(r[0], r[1]): Stop(r[2], r[3], r[4]) for r in rows}
        changed = 0
        for place in sorted({*told, *stops}):
            verdicts = told.get(place, [])
            changed += await _settle(connection, tenant, place, verdicts, stops.get(place), at_ms)
        if changed:
            await pictures.touch(connection, tenant)
    return changed


def judge_states(
    states: Iterable[State], horizon_min: Iterable[float]
) -> dict[Place, list[Verdict]]:
    """Judge every cold zone; verdicts by warehouse and class, the gravest first."""
    told: dict[Place, list[Verdict]] = {}
    for state, horizon in zip(states, horizon_min, strict=True):
        for zone in state.zones:
            if zone.forecast is None:
                continue
            verdict = judge_zone(state, zone, horizon)
            told.setdefault((state.warehouse, verdict.storage), []).append(verdict)
    order = {str(Cause.CONTRADICTION): 0, str(Cause.FORECAST): 1, "": 2}
    for verdicts in told.values():
        verdicts.sort(key=lambda v: (order[v.cause], v.hours))
    return told


async def _settle(
    connection: Connection,
    tenant: int,
    place: Place,
    verdicts: list[Verdict],
    stop: Stop | None,
    at_ms: int,
) -> int:
    """Stop a class, let agreement ripen, or take the class again; 1 when decisions change."""
    warehouse, storage = place
    gravest = verdicts[0] if verdicts else None
    if gravest is not None and gravest.cause:
        if stop is not None and (stop.cause in (gravest.cause, Cause.CONTRADICTION)):
            if stop.agreed_ms:
                await connection.execute(_AGREED, (0, tenant, warehouse, storage))
            return 0
        row = (tenant, warehouse, storage, gravest.cause, gravest.zone, gravest.detail, at_ms)
        await connection.execute(_STOP, row)
        said = TwinStopped(
            cause=gravest.cause,
            detail=gravest.detail,
            hours_tenth=round(gravest.hours * 10) if math.isfinite(gravest.hours) else -1,
            sensors=gravest.sensors,
            storage=storage,
            warehouse=warehouse,
            zone=gravest.zone,
        )
        await merchants.say(connection, tenant, ACTOR, said)
        return 1
    if stop is None:
        return 0
    agree = bool(verdicts) and all(v.sensors == Sensors.FINE for v in verdicts)
    since = (stop.agreed_ms or at_ms) if agree else 0
    if agree and at_ms - since >= AGREE_MIN * 60_000:
        await clear(connection, tenant, place, "evidence", "", ACTOR)
        return 1
    if since != stop.agreed_ms:
        await connection.execute(_AGREED, (since, tenant, warehouse, storage))
    return 0


async def clear(
    connection: Connection, tenant: int, place: Place, by: str, reason: str, actor: Actor
) -> bool:
    """Take a class again, inside the caller's transaction; False when it was not stopped."""
    row = await (await connection.execute(_CLEAR, (tenant, *place))).fetchone()
    if row is None:
        return False
    said = TwinCleared(by=by, cause=row[0], reason=reason, storage=place[1], warehouse=place[0])
    await merchants.say(connection, tenant, actor, said)
    return True
