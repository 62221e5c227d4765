"""Act `reroute`: orders that no warehouse has begun are decided again without one of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.capabilities.orders import decide as orders
from danshu.hub import offers, rerouting
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.changes import caused
from danshu.hub.fields import PLAIN
from danshu.hub.order_causes import (
    cause_of,
    compare_kept,
    do_each,
    price_lateness,
    read_held,
    read_ids,
    waiting_at,
    weigh,
)
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SKILL_ORDERS, SKU_CHARS
from danshu.ports.skill import Told

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Fulfilment
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.changes import Change, Decide, Held
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

REASON: Final = "proposal"
BEGUN: Final = Refusal(
    code="begun_or_gone",
    reason="这些订单已不在该仓待下发",
    reason_en="None of these orders waits in that warehouse any more",
    clause="agent.reroute",
)
_DAY_MS: Final = 86_400_000
Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]


class RerouteParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders leave which warehouse, for want of which SKU. `to_warehouse` has stock now;
    where each goes, routing decides.
    """

    warehouse: Code
    sku: Code
    to_warehouse: Code
    orders: Annotated[tuple[str, ...], Meta(min_length=1, max_length=SKILL_ORDERS)]


class Reroute:
    """The act."""

    action = "reroute"
    title = Told(zh="改派订单", en="Reroute orders")
    reversibility: Reversibility = "partly"
    sensitivity: Sensitivity = 2
    parameters: type[Struct] = RerouteParameters
    measured_after_ms = 3 * _DAY_MS
    right = "order.reroute"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: RerouteParameters
    ) -> Rehearsed | Refusal:
        """Decide each order again without a trace, and say where it would go."""
        world = await _world(hub, tenant, parameters)
        ids = read_ids(parameters.orders)
        async with hub.connection() as connection:
            found = await read_held(connection, world, ids)
        decide = _leave(parameters, "")
        there: dict[str, int] = {}
        stay = len(ids) - len(found)
        for held in found:
            with offers.untouched(world, held.order):
                told = decide(world, held, hub.clock())
            if isinstance(told, Refusal):
                stay += 1
                continue
            for code in {f.warehouse for f in _made(held, told)}:
                there[code] = there.get(code, 0) + 1
        if not there:
            return BEGUN
        changes = [
            Told(zh=f"{n} 单改派到 {code}", en=f"{n} orders go to {code}")
            for code, n in sorted(there.items(), key=lambda e: (-e[1], e[0]))
        ]
        if stay:
            changes.append(Told(zh=f"{stay} 单不动", en=f"{stay} orders stay"))
        return Rehearsed(
            changes=tuple(changes), touched=len(ids) - stay, back_until="before_release"
        )

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: RerouteParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Reroute each order by the ordinary act, once for this proposal."""
        await _world(hub, tenant, parameters)
        ids, cause = read_ids(parameters.orders), cause_of(proposal)
        decide = _leave(parameters, cause)
        return await do_each(hub, tenant, ids, cause, decide, actor) or BEGUN

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: RerouteParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Send back what is not released yet; what has left stays where it went."""
        await _world(hub, tenant, parameters)
        ids, cause = [uuid.UUID(each) for each in done.kept["orders"]], cause_of(proposal, "back")
        decide = _return(parameters, cause)
        return await do_each(hub, tenant, ids, cause, decide, actor) or BEGUN

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: RerouteParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare how many kept their promise with those that stayed in the warehouse."""
        world = await _world(hub, tenant, parameters)
        ids = [uuid.UUID(each) for each in done.kept["orders"]]
        wh, now_ms = world.warehouse_no[parameters.warehouse], hub.clock()
        async with hub.connection() as connection:
            counts = await compare_kept(
                connection, tenant, ids, wh, int(done.kept["done_ms"]), now_ms
            )
            fen = await price_lateness(connection, tenant, now_ms)
        one, one_of, two, two_of = counts
        if not one_of or not two_of:
            return None
        return Measured(
            worth=weigh(counts, fen),
            method="matched",
            counted=one_of + two_of,
            text=Told(
                zh=f"改派的 {one_of} 单有 {one} 单守约；同期留在 {parameters.warehouse} 的 "
                f"{two_of} 单有 {two} 单",
                en=f"{one} of {one_of} rerouted orders kept their promise; of those that stayed "
                f"in {parameters.warehouse} meanwhile, {two} of {two_of}",
            ),
        )


async def _world(hub: Hub, tenant: int, parameters: RerouteParameters) -> World:
    world = await hub.worlds.ensure(tenant)
    for code in (parameters.warehouse, parameters.to_warehouse):
        if code not in world.warehouse_no:
            raise InputError("bad_parameters", f"no warehouse {code!r}", "/warehouse")
    if parameters.sku not in world.skus:
        raise InputError("bad_parameters", f"no SKU {parameters.sku!r}", "/sku")
    return world


def _leave(parameters: RerouteParameters, cause: str) -> Decide:
    """Decide an order again without the warehouse, where its part there is not begun."""
    told = orders.Command(event="reroute", reason=REASON, exclude=(parameters.warehouse,))

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        if not waiting_at(held.order, parameters.warehouse, parameters.sku):
            return BEGUN
        return caused(rerouting.reroute(world, held, told, now_ms), cause)

    return decide


def _return(parameters: RerouteParameters, cause: str) -> Decide:
    """Decide an order again without the warehouses that it was sent to."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        away = {f.warehouse for f in held.order.fulfilments if f.state == "allocated"}
        away -= {parameters.warehouse}
        if not away:
            return BEGUN
        told = orders.Command(event="reroute", reason=REASON, exclude=tuple(sorted(away)))
        return caused(rerouting.reroute(world, held, told, now_ms), cause)

    return decide


def _made(held: Held, told: Change) -> tuple[Fulfilment, ...]:
    return told.order.fulfilments[len(held.order.fulfilments) :]
