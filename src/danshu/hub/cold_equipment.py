"""Cold equipment 冷链设备: boxes, bags and vehicles that cold goods leave with, and the question at
dispatch.

A merchant that has registered any lets chilled and frozen goods leave only with one that is active.
The order's own act asks it, so that no way to dispatch goes around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.routing.closures import COLD
from danshu.hub import merchants
from danshu.hub.failsafe_facts import ColdEquipmentRegistered
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import COLD_EQUIPMENT

if TYPE_CHECKING:
    from danshu.capabilities.orders.decide import Command
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
MISSING: Final = Refusal(
    code="cold_equipment_missing",
    reason="冷藏、冷冻商品交接前,须写明在用的冷链设备编号",
    reason_en="Chilled and frozen goods leave only with the id of an active cold equipment",
    clause="dispatch.cold_equipment",
)
NOT_ACTIVE: Final = Refusal(
    code="cold_equipment_inactive",
    reason="这个冷链设备未登记或已停用,不能随货交接",
    reason_en="This cold equipment is not registered or not active",
    clause="dispatch.cold_equipment",
)
_READ: Final = "select code, active from cold_equipment where tenant=%s"
_LIST: Final = """
select e.code, e.name, e.active, e.warehouse, s.observed, s.celsius, s.health from cold_equipment e
left join cold_equipment_states s on s.tenant=e.tenant and s.code=e.code
where e.tenant=%s order by e.code
"""
_COUNT: Final = "select count(*) from cold_equipment where tenant=%s and code<>%s"
_PUT: Final = """
insert into cold_equipment as e (tenant,code,name,active,warehouse) values(%s,%s,%s,%s,%s)
on conflict (tenant,code) do update set name=excluded.name, active=excluded.active,
warehouse=excluded.warehouse where (e.name,e.active,e.warehouse) is distinct from
(excluded.name,excluded.active,excluded.warehouse) returning 1
"""
_MOVE: Final = "update tenants set revision=revision+1 where id=%s"


class Equipment(Struct, frozen=True, kw_only=True):
    """A box, bag or vehicle that keeps goods cold. `warehouse` is whose it is, "" of none. What it
    last told: when (`observed`, "" never), °C inside, health 0 to 1.
    """

    code: str
    name: str
    active: bool
    warehouse: str = ""
    observed: str = ""
    celsius: float | None = None
    health: float | None = None


async def read_active(connection: Connection, tenant: int) -> frozenset[str] | None:
    """Give the active ones, None for a merchant that has registered none at all."""
    rows = await (await connection.execute(_READ, (tenant,))).fetchall()
    return frozenset(code for code, active in rows if active) if rows else None


async def list_all(connection: Connection, tenant: int) -> list[Equipment]:
    """List a merchant's equipment by code."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [
        Equipment(
            code=r[0],
            name=r[1],
            active=r[2],
            warehouse=r[3],
            observed=rfc3339(r[4]) if r[4] else "",
            celsius=None if r[5] is None else round(r[5], 2),
            health=None if r[6] is None else round(r[6], 3),
        )
        for r in rows
    ]


async def put(connection: Connection, tenant: int, told: Equipment, actor: Actor) -> None:
    """Register an equipment, or change it; every server reads it before its next act.

    Raises InputError `too_many`.
    """
    async with connection.transaction():
        count = await (await connection.execute(_COUNT, (tenant, told.code))).fetchone()
        if count is not None and count[0] >= COLD_EQUIPMENT:
            raise InputError("too_many", f"a merchant has at most {COLD_EQUIPMENT} of them")
        row = (tenant, told.code, told.name, told.active, told.warehouse)
        cursor = await connection.execute(_PUT, row)
        if await cursor.fetchone() is None:
            return
        await connection.execute(_MOVE, (tenant,))
        said = ColdEquipmentRegistered(
            active=told.active, code=told.code, name=told.name, warehouse=told.warehouse
        )
        await merchants.say(connection, tenant, actor, said)


def refuse(world: World, order: Order, told: Command) -> Refusal | None:
    """Say why goods may not leave, None when they may."""
    if world.equipment is None or told.event != "ship" or not _is_cold(world, order, told):
        return None
    if not told.equipment:
        return MISSING
    return None if told.equipment in world.equipment else NOT_ACTIVE


def _is_cold(world: World, order: Order, told: Command) -> bool:
    return any(
        int(world.skus[share.sku][1].storage) & COLD
        for f in order.fulfilments
        if f.state == "packed" and told.fulfilment in (0, f.no)
        for share in f.shares
        if share.sku in world.skus
    )
