"""What models say, as the tables that skills read: open orders at risk, lanes that are late."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.learning.features import KNOWN
from danshu.hub import learning_risks, learning_tables
from danshu.kernel.limits import AGENT_VIEW_ROWS
from danshu.ports.skill import Cited, Told, Worth
from danshu.ports.skill_views import LateLane, OrderRisk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.learning.model import Lane
    from danshu.hub.compose import Hub
    from danshu.hub.world import World

Connection = Any
_LAST: Final = uuid.UUID(int=2**128 - 1)
_TOP: Final = 1_001
_OWED: Final = """
select id, owed from learning_risks where tenant=%s and id = any(%s)
"""


def _called(feature: str) -> Told:
    known = KNOWN.get(feature)  # of an older model it may be gone
    return Told(zh=known.zh, en=known.en) if known else Told(zh=feature, en=feature)


async def order_risks(
    connection: Connection, world: World | None, tenant: int, now_ms: int, limit: int
) -> list[OrderRisk]:
    """Give the open orders that models were asked about, the likeliest to break a promise first.

    They are as they were told at the last look; an order that has ended since is left out by the
    next. `expected_ms` is never behind `now_ms`.
    """
    del world  # what a promise owes was worked out with the risk
    rows = await learning_risks.list_risks(connection, tenant, (_TOP, _LAST), "", limit)
    return [
        OrderRisk(
            order=str(risk.id),
            number=risk.number,
            warehouse=risk.warehouse,
            carrier=risk.carrier,
            state=risk.stage,
            due_ms=risk.due_ms,
            chance=risk.chance,
            expected_ms=max(risk.expected_ms, now_ms),
            amount_fen=risk.amount,
            owed_fen=risk.owed,
            why=tuple((_called(push.feature), push.push) for push in risk.why),
            cites=(
                Cited(kind="order", ref=str(risk.id), label=risk.number),
                Cited(kind="promise", ref=f"{risk.id}/{risk.promise}", label=risk.promise),
                Cited(kind="model", ref=str(risk.model), label="late"),
            ),
        )
        for risk in rows
    ]


async def late_lanes(
    connection: Connection, world: World | None, tenant: int, now_ms: int, limit: int
) -> list[LateLane]:
    """Give the lanes that are later than they used to be, the surest first. Worth is what the
    promises of their parcels owe, for as much as the lane is later than usual.
    """
    del world, now_ms
    rows = await learning_tables.list_lanes(connection, tenant, 0, limit)
    late = [(no, lane) for no, lane in rows if lane.is_late]
    orders = [uuid.UUID(order) for _, lane in late for order in lane.on_way]
    cursor = await connection.execute(_OWED, (tenant, orders))
    owed = {str(id_): int(fen) for id_, fen in await cursor.fetchall()}
    return [_tell(no, lane, owed) for no, lane in late]


def _tell(no: int, lane: Lane, owed: Mapping[str, int]) -> LateLane:
    at_stake = sum(owed.get(order, 0) for order in lane.on_way)

    def more(share: int) -> int:
        """What is owed by as much as a share of late parcels is above the usual one."""
        return at_stake * max(0, share - lane.usual) // 1_000

    return LateLane(
        carrier=lane.carrier,
        from_warehouse=lane.warehouse,
        to_region=lane.region,
        parcels=lane.on_way,
        late=lane.late,
        usual=lane.usual,
        counted=lane.counted,
        p_thousandths=lane.p,
        worth=Worth(low_fen=more(lane.low), mid_fen=more(lane.share), high_fen=more(lane.high)),
        cites=(
            Cited(
                kind="metric",
                ref=f"learning-lane/{no}",
                label=f"{lane.carrier} {lane.warehouse} {lane.region}",
            ),
            *(Cited(kind="order", ref=order) for order in lane.on_way[:3]),
        ),
    )


async def read_order_risks(hub: Hub, tenant: int, now_ms: int) -> list[OrderRisk]:
    """Read the view `order_risks` of skills."""
    async with hub.connection() as connection:
        return await order_risks(connection, None, tenant, now_ms, AGENT_VIEW_ROWS)


async def read_late_lanes(hub: Hub, tenant: int, now_ms: int) -> list[LateLane]:
    """Read the view `late_lanes` of skills."""
    async with hub.connection() as connection:
        return await late_lanes(connection, None, tenant, now_ms, AGENT_VIEW_ROWS)
