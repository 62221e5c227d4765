"""Act `expedite`: orders come first on the floor's list of their warehouse."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.expedite_facts import OrderExpedited
from danshu.hub.agent_act import Measured, Performed, Rehearsed
from danshu.hub.changes import Change, caused
from danshu.hub.fields import PLAIN
from danshu.hub.floor_rows import due_of
from danshu.hub.order_causes import (
    cause_of,
    compare_kept,
    do_each,
    price_lateness,
    read_held,
    read_ids,
    weigh,
)
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import EXPEDITE_MS, SKILL_ORDERS, SKU_CHARS
from danshu.ports.skill import Told

if TYPE_CHECKING:
    from danshu.hub.agent_act import Reversibility, Sensitivity
    from danshu.hub.changes import Decide, Held
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

REASON: Final = "at_risk"
IN_HOUSE: Final = frozenset({"allocated", "released", "picked", "packed"})
LEFT: Final = Refusal(
    code="not_in_house",
    reason="这些订单已不在仓内，加急无用",
    reason_en="None of these orders is in the house any more",
    clause="agent.expedite",
)
_DAY_MS: Final = 86_400_000


class ExpediteParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders the floor of the warehouse does before others."""

    warehouse: Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]
    orders: Annotated[tuple[str, ...], Meta(min_length=1, max_length=SKILL_ORDERS)]


class Expedite:
    """The act."""

    action = "expedite"
    title = Told(zh="加急出库", en="Expedite orders")
    reversibility: Reversibility = "reversible"
    sensitivity: Sensitivity = 1
    parameters: type[Struct] = ExpediteParameters
    measured_after_ms = 3 * _DAY_MS
    right = "order.release"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: ExpediteParameters
    ) -> Rehearsed | Refusal:
        """Say how many of them would come first."""
        world = await hub.worlds.ensure(tenant)
        _check(world, parameters)
        async with hub.connection() as connection:
            found = await read_held(connection, world, read_ids(parameters.orders))
        able = [held for held in found if _is_here(held, parameters.warehouse)]
        if not able:
            return LEFT
        n, wh = len(able), parameters.warehouse
        told = Told(zh=f"{wh} 现场列表：{n} 单排到最前", en=f"{n} orders come first in {wh}")
        return Rehearsed(changes=(told,), touched=n, back_until="before_dispatch")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ExpediteParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Hurry each order once for this proposal."""
        _check(await hub.worlds.ensure(tenant), parameters)
        ids = read_ids(parameters.orders)
        decide = _hurry(parameters.warehouse, cause_of(proposal))
        return await do_each(hub, tenant, ids, cause_of(proposal), decide, actor) or LEFT

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ExpediteParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Give each its place by its own promises again."""
        ids = [uuid.UUID(each) for each in done.kept["orders"]]
        cause = cause_of(proposal, "back")
        return await do_each(hub, tenant, ids, cause, _calm(cause), actor) or LEFT

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ExpediteParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare how many kept their promise with others of the warehouse, which were less at
        risk: what is found is the least that it brought.
        """
        world = await hub.worlds.ensure(tenant)
        _check(world, parameters)
        ids = [uuid.UUID(each) for each in done.kept["orders"]]
        wh, now_ms = world.warehouse_no[parameters.warehouse], hub.clock()
        async with hub.connection() as connection:
            since_ms = int(done.kept["done_ms"])
            counts = await compare_kept(connection, tenant, ids, wh, since_ms, now_ms)
            fen = await price_lateness(connection, tenant, now_ms)
        one, one_of, two, two_of = counts
        if not one_of or not two_of:
            return None
        return Measured(
            worth=weigh(counts, fen),
            method="matched",
            counted=one_of + two_of,
            text=Told(
                zh=f"加急的 {one_of} 单有 {one} 单守约；同仓同期其他 {two_of} 单有 {two} 单，"
                "风险本来更低",
                en=f"{one} of {one_of} hurried orders kept their promise; of the others there, "
                f"which were less at risk, {two} of {two_of}",
            ),
        )


def _check(world: World, parameters: ExpediteParameters) -> None:
    if parameters.warehouse not in world.warehouse_no:
        raise InputError("bad_parameters", f"no warehouse {parameters.warehouse!r}", "/warehouse")


def _is_here(held: Held, warehouse: str) -> bool:
    order = held.order
    if order.cancelled or order.completed:
        return False
    return any(f.state in IN_HOUSE and f.warehouse == warehouse for f in order.fulfilments)


def _hurry(warehouse: str, cause: str) -> Decide:
    def decide(_: World, held: Held, now_ms: int) -> Change | Refusal:
        if not _is_here(held, warehouse):
            return LEFT
        is_near = due_of(held.promises) <= now_ms + 2 * EXPEDITE_MS
        by = rfc3339(now_ms if is_near else now_ms + EXPEDITE_MS)
        return caused(_say(held, OrderExpedited(by=by, reason=REASON)), cause)

    return decide


def _calm(cause: str) -> Decide:
    def decide(_: World, held: Held, __: int) -> Change | Refusal:
        if not held.order.hurry_ms:
            return LEFT
        return caused(_say(held, OrderExpedited(by="", reason=REASON)), cause)

    return decide


def _say(held: Held, data: OrderExpedited) -> Change:
    order = evolve(held.order, data)
    return Change(order=order, said=[Said(data=data)], promises=held.promises)
