"""Cold equipment 冷链设备 asked at the moment of dispatch: is it the one that this order was given,
and is it cold now?

Given is the equipment of the party that a negotiation confirmed, else one of the warehouse that the
decision chose, or of none. What an equipment last told of itself counts for COLD_EQUIPMENT_FRESH_S;
one that never told anything is judged by its registration, as a warehouse without probes is by its
papers. It is asked in the commit of `order.shipped`, so that no way to dispatch goes around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.orders.facts import OrderShipped
from danshu.capabilities.routing.negotiation.machine import CONFIRMED
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.capabilities.routing.score import CHILLED, FROZEN, Coefficients
from danshu.capabilities.routing.variables import ZONE_TEMP_BAND_C, Zone
from danshu.hub.world import storage_of
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import COLD_EQUIPMENT_FRESH_S, SIGNAL_SKEW_MS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World
    from danshu.kernel.fact import Said

Connection = Any
_CLAUSE: Final = "dispatch.cold_equipment"
_BANDS: Final = {CHILLED: Zone.CHILLED, FROZEN: Zone.FROZEN}
_READ: Final = """
select e.warehouse, s.observed, s.celsius, s.health from cold_equipment e
left join cold_equipment_states s on s.tenant=e.tenant and s.code=e.code
where e.tenant=%s and e.code=%s
"""
_CALL: Final = (
    "select doc from negotiations where tenant=%s and order_id=%s and fulfilment=%s and state=%s"
    " order by id desc limit 1"
)
_PARTY: Final = "select equipment from parties where tenant=%s and code=%s"
_TELL: Final = """
insert into cold_equipment_states as s (tenant,code,observed,celsius,health)
select %s, e.code, %s, %s, %s from cold_equipment e where e.tenant=%s and e.code=%s
on conflict (tenant,code) do update set observed=excluded.observed, celsius=excluded.celsius,
health=excluded.health where excluded.observed >= s.observed
"""
_KNOWN: Final = "select 1 from cold_equipment where tenant=%s and code=%s"
_decode = msgspec.json.Decoder(Negotiation).decode


class State(Struct, frozen=True, kw_only=True):
    """What an equipment tells of itself at `observed_ms`: °C inside, None without a probe; `health`
    0 to 1 (power, door, alarm).
    """

    code: str
    observed_ms: int
    celsius: float | None
    health: float


async def tell(
    connection: Connection, tenant: int, states: Sequence[State], now_ms: int
) -> list[str]:
    """Keep what equipment tells of itself, the newest of each; gives the codes that are not
    registered, or speak from the future.
    """
    faults = []
    async with connection.transaction():
        for state in sorted(states, key=lambda s: (s.code, s.observed_ms)):
            known = await connection.execute(_KNOWN, (tenant, state.code))
            is_early = state.observed_ms > now_ms + SIGNAL_SKEW_MS
            if is_early or await known.fetchone() is None:
                faults.append(state.code)
                continue
            row = (state.observed_ms, state.celsius, state.health)
            await connection.execute(_TELL, (tenant, *row, tenant, state.code))
    return faults


async def inspect(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    order: Order,
    said: Sequence[Said],
    now_ms: int,
) -> Refusal | None:
    """Say why goods may not leave with the equipment that is named, None when they may."""
    for each in said:
        told = each.data
        if not isinstance(told, OrderShipped) or not told.equipment:
            continue
        storage = storage_of(world, order, told.shares)
        refusal = await _inspect(connection, world.tenant, id_, told, storage, now_ms)
        if refusal is not None:
            return refusal
    return None


async def _inspect(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    told: OrderShipped,
    storage: int,
    now_ms: int,
) -> Refusal | None:
    row = await (await connection.execute(_READ, (tenant, told.equipment))).fetchone()
    if row is None:
        return None  # a merchant that registers none is asked nothing
    warehouse, observed, celsius, health = row
    given = await _given(connection, tenant, id_, told.fulfilment)
    if given and given != told.equipment:
        return _another(
            f"本单已定由冷链设备 {given} 承运,扫到的是 {told.equipment}",
            f"Equipment {given} was given to this order, {told.equipment} was scanned",
        )
    if not given and warehouse and warehouse != told.warehouse:
        return _another(
            f"冷链设备 {told.equipment} 属于 {warehouse},本单由 {told.warehouse} 发出",
            f"Equipment {told.equipment} is of {warehouse}, this order leaves {told.warehouse}",
        )
    if observed is None:
        return None
    if now_ms - observed > COLD_EQUIPMENT_FRESH_S * 1000:
        minutes = (now_ms - observed) // 60_000
        return _unhealthy(
            f"冷链设备 {told.equipment} 已 {minutes} 分钟没有读数,不能证明在制冷",
            f"Equipment {told.equipment} has told nothing for {minutes} minutes",
        )
    if health < Coefficients().cold_unit_closed:
        return _unhealthy(
            f"冷链设备 {told.equipment} 健康度 {health:.2f},请换一台",
            f"Equipment {told.equipment} is not healthy ({health:.2f}): take another",
        )
    for position, zone in _BANDS.items():
        low, high = ZONE_TEMP_BAND_C[zone]
        if celsius is not None and storage >> position & 1 and not low <= celsius <= high:
            return _unhealthy(
                f"冷链设备 {told.equipment} 内 {celsius:.1f} ℃,应在 {low:g} 至 {high:g} ℃",
                f"Equipment {told.equipment} is at {celsius:.1f} °C, not {low:g} to {high:g}",
            )
    return None


async def _given(connection: Connection, tenant: int, id_: uuid.UUID, fulfilment: int) -> str:
    """Give the equipment of the party that a negotiation confirmed, "" for none."""
    asked = (tenant, id_, fulfilment, CONFIRMED)
    row = await (await connection.execute(_CALL, asked)).fetchone()
    chosen = _decode(bytes(row[0])).chosen if row else None
    if chosen is None:
        return ""
    party = await (await connection.execute(_PARTY, (tenant, chosen.party))).fetchone()
    return str(party[0]) if party else ""


def _another(reason: str, reason_en: str) -> Refusal:
    return Refusal(code="cold_equipment_other", reason=reason, reason_en=reason_en, clause=_CLAUSE)


def _unhealthy(reason: str, reason_en: str) -> Refusal:
    return Refusal(
        code="cold_equipment_unhealthy", reason=reason, reason_en=reason_en, clause=_CLAUSE
    )
