"""Act `chase_carrier`: a late carrier's parcels on a lane are asked after, once a day.

Each parcel's order bears the tag 催件, so that customer service sees that it is asked after; where
the merchant has a route for tracks, the connector asks where each parcel is.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from danshu.hub import connecting, lane_chases, marks
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.dispatch_routes import TRACKS
from danshu.hub.fields import PLAIN
from danshu.hub.lane_chases import Lane
from danshu.hub.order_causes import cause_of, find_done, price_lateness, read_held
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CHASED_PARCELS, SKU_CHARS
from danshu.ports.asks.carrier import TracksAsk
from danshu.ports.skill import Cited, Told

if TYPE_CHECKING:
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

TAG: Final = "催件"
CHASED: Final = Refusal(
    code="chased_today",
    reason="这条线路今天已经催过",
    reason_en="This lane was chased today already",
    clause="agent.chase_carrier",
)
NOTHING: Final = Refusal(
    code="nothing_on_the_way",
    reason="没有还在途的包裹",
    reason_en="No parcel is on the way any more",
    clause="agent.chase_carrier",
)
_DAY_MS: Final = 86_400_000
Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]


class ChaseParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lane, and its parcels by the ids of their orders."""

    carrier: Code
    from_warehouse: Code
    to_region: Code
    parcels: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=CHASED_PARCELS)]


class ChaseCarrier:
    """The act."""

    action = "chase_carrier"
    title = Told(zh="催承运商", en="Chase a carrier")
    reversibility: Reversibility = "reversible"
    sensitivity: Sensitivity = 2
    parameters: type[Struct] = ChaseParameters
    measured_after_ms = 7 * _DAY_MS
    right = "order.tag"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: ChaseParameters
    ) -> Rehearsed | Refusal:
        """Say how many parcels would be asked after, and by whom."""
        world = await _world(hub, tenant, parameters)
        moving = await _find(hub, world, parameters)
        if not moving:
            return NOTHING
        n = len(moving)
        by = (
            Told(zh=f"轨迹接口逐件询问 {n} 件", en=f"The route for tracks asks for {n} parcels")
            if TRACKS in world.connected
            else Told(
                zh=f"没有轨迹接口，{n} 件由人去问", en=f"No route for tracks: a person asks for {n}"
            )
        )
        tag = Told(zh=f"{n} 单打上「{TAG}」", en=f"{n} orders get the tag 催件 (chased)")
        return Rehearsed(changes=(tag, by), touched=n, back_until="always")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ChaseParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Ask once a lane a day; for the same proposal again, nothing more is asked."""
        world = await _world(hub, tenant, parameters)
        moving = await _find(hub, world, parameters)
        if not moving:
            return NOTHING
        now_ms, lane = hub.clock(), _lane(parameters)
        asked = len(moving) if TRACKS in world.connected else 0
        async with hub.connection() as connection, connection.transaction():
            if not await lane_chases.put(
                connection, tenant, lane, proposal, (len(moving), asked), actor, now_ms
            ):
                return CHASED
            for id_, no, waybill in moving if asked else ():
                await _ask(connection, tenant, proposal, parameters, (id_, no, waybill), now_ms)
        orders = list(dict.fromkeys(id_ for id_, _, _ in moving))
        tagged = await _mark(hub, tenant, orders, cause_of(proposal), actor, off=False)
        kept: dict[str, Any] = {
            "orders": [str(each) for each in tagged],
            "day": lane_chases.day_of(now_ms).isoformat(),
            "done_ms": now_ms,
        }
        made = tuple(
            [Cited(kind="shipment", ref=str(id_), label=waybill) for id_, _, waybill in moving]
        )
        return Performed(made=made, touched=len(moving), kept=kept)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ChaseParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Take the tags away and say that nobody need ask any more."""
        orders = [uuid.UUID(each) for each in done.kept["orders"]]
        await _mark(hub, tenant, orders, cause_of(proposal, "back"), actor, off=True)
        async with hub.connection() as connection:
            day = str(done.kept["day"])
            await lane_chases.withdraw(connection, tenant, _lane(parameters), day, actor)
        return Performed(made=done.made, touched=done.touched, kept=done.kept)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ChaseParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare how far the carrier's lateness fell with that of others from the warehouse."""
        world = await _world(hub, tenant, parameters)
        wh, now_ms = world.warehouse_no[parameters.from_warehouse], hub.clock()
        async with hub.connection() as connection:
            done_ms = int(done.kept["done_ms"])
            told = await lane_chases.compare(
                connection, tenant, parameters.carrier, wh, done_ms, now_ms
            )
            fen = await price_lateness(connection, tenant, now_ms)
        if told is None:
            return None
        before, after = f"{told.before:.1%}", f"{told.after:.1%}"
        return Measured(
            worth=told.worth(done.touched, fen),
            method="matched",
            counted=told.counted,
            text=Told(
                zh=f"{parameters.carrier} 晚到从 {before} 到 {after}；已扣除同仓其他承运商的变化",
                en=f"{parameters.carrier} late: {before} before, {after} after; what changed for "
                "others of the warehouse is taken off",
            ),
        )


def _lane(parameters: ChaseParameters) -> Lane:
    return Lane(
        carrier=parameters.carrier,
        warehouse=parameters.from_warehouse,
        region=parameters.to_region,
    )


async def _world(hub: Hub, tenant: int, parameters: ChaseParameters) -> World:
    world = await hub.worlds.ensure(tenant)
    if parameters.from_warehouse not in world.warehouse_no:
        raise InputError("bad_parameters", "no such warehouse", "/from_warehouse")
    return world


async def _find(
    hub: Hub, world: World, parameters: ChaseParameters
) -> list[tuple[uuid.UUID, int, str]]:
    """Give the parcels that are on the way still: order, fulfilment order, waybill."""
    try:
        ids = [uuid.UUID(each) for each in dict.fromkeys(parameters.parcels)]
    except ValueError:
        raise InputError("bad_parameters", "not an order's id", "/parcels") from None
    async with hub.connection() as connection:
        found = await read_held(connection, world, ids)
    return [
        (held.id, f.no, f.waybill)
        for held in found
        for f in held.order.fulfilments
        if f.state == "shipped"
        and f.carrier == parameters.carrier
        and f.warehouse == parameters.from_warehouse
    ]


async def _ask(
    connection: Any,
    tenant: int,
    proposal: uuid.UUID,
    parameters: ChaseParameters,
    parcel: tuple[uuid.UUID, int, str],
    now_ms: int,
) -> None:
    id_, no, waybill = parcel
    key = hashlib.sha256(proposal.bytes + id_.bytes + bytes([no % 256])).hexdigest()[:40]
    if waybill:
        await connecting.ask(
            connection,
            tenant,
            capability=TRACKS,
            operation="tracks",
            key=f"chase-{key}",
            subject=str(id_),
            body=msgspec.json.encode(TracksAsk(carrier=parameters.carrier, waybill=waybill)),
            at_ms=now_ms,
            context=connecting.Context(warehouse=parameters.from_warehouse),
        )


async def _mark(
    hub: Hub, tenant: int, orders: list[uuid.UUID], cause: str, actor: Actor, *, off: bool
) -> list[uuid.UUID]:
    """Tag or untag orders; gives those that this was done to. What bore the tag before is not
    touched, so that it is not taken away later.
    """
    world = await hub.worlds.ensure(tenant)
    wanted = marks.Wanted(tags=(TAG,), off=off)
    async with hub.connection() as connection:
        done = await find_done(connection, tenant, orders, cause)
        for id_ in orders:
            if id_ not in done:
                told = await marks.mark(connection, world, id_, actor, hub.clock(), wanted, cause)
                if not isinstance(told, Refusal):
                    done.add(id_)
    return sorted(done)
