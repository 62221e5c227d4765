"""The views of orders and policies that skills read: short routes, grievances, wishes.

What a promise owes, where stock is and what a lane costs is read from rows; nothing that a buyer
wrote chooses a row, an amount or an order.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.orders import model
from danshu.hub import network_reading, policy_knobs, policy_wishes
from danshu.hub.order_causes import price_lateness, waiting_at
from danshu.hub.order_holdout import find_complained, find_held_out, is_held_out
from danshu.kernel.limits import (
    AGENT_VIEW_ROWS,
    COMPLAINT_FEN,
    GRIEVANCE_D,
    SHORT_CHANCE,
    SHORT_ROUTE_D,
    SHORT_ROUTES,
    SKILL_ORDERS,
)
from danshu.ledger import write
from danshu.ports.skill import Cited, Untrusted, Worth
from danshu.ports.skill_views import Grievance, PolicyKnob, PolicyWish, ShortRoute, StockRisk

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.world import World

Connection = Any
_DAY_MS: Final = 86_400_000
_WISHES: Final = 200
_LOOKED_AT: Final = 2_000
_WAITING: Final = """
select id, region, doc from orders where tenant=%s and wh=%s and state=%s order by id limit %s
"""
_LANES: Final = """
select w.code, r.code, l.first_kg_fen from lanes l
join warehouses w on w.tenant=l.tenant and w.no=l.wh
join regions r on r.tenant=l.tenant and r.no=l.region
where l.tenant=%s and w.code = any(%s) and r.code = any(%s)
"""
_OWED: Final = """
select c.id, c.code, c.step, c.amount, encode(c.definition,'hex'), coalesce(v.gap_ms, 0),
  (select o.doc from orders o where o.tenant=c.tenant and o.id=c.id)
from compensations c join verdicts v on v.tenant=c.tenant and v.id=c.id and v.code=c.code
where c.tenant=%s and c.state='proposed' and c.step < 40 and c.proposed >= %s
  and v.state in ('broken','late') order by c.amount desc, c.id, c.code, c.step limit %s
"""
Waiting = tuple["uuid.UUID", str, model.Order]
_decode: Final = msgspec.json.Decoder(model.Order).decode


class _Named(Struct, frozen=True):
    number: str = ""


_decode_name: Final = msgspec.json.Decoder(_Named).decode


async def read_short_routes(hub: Hub, tenant: int, now_ms: int) -> list[ShortRoute]:
    """Give open orders that reserve what a warehouse will want for later ones, and where they could
    be served from as well.
    """
    risks = await network_reading.read_risks(hub, tenant, now_ms)
    risks = [risk for risk in risks if _is_short(risk, now_ms)]
    waiting: dict[str, list[Waiting]] = {}
    world = await hub.worlds.ensure(tenant)
    found = []
    async with hub.connection() as connection:
        fen = await price_lateness(connection, tenant, now_ms)
        for risk in risks[:SHORT_ROUTES]:
            here = risk.warehouse
            if here not in waiting and here in world.warehouse_no:
                waiting[here] = await _read_waiting(connection, world, here)
            route = await _route(connection, world, risk, risks, waiting.get(here, []), fen)
            if route is not None:
                found.append(route)
    return sorted(found, key=lambda r: (-r.worth.mid_fen, r.warehouse, r.sku))


def _is_short(risk: StockRisk, now_ms: int) -> bool:
    until = datetime.datetime.fromtimestamp(now_ms / 1000, policy_wishes.UTC8).date()
    until += datetime.timedelta(days=SHORT_ROUTE_D)
    chance = _chance(risk, max(SHORT_ROUTE_D, risk.lead_days))
    return chance >= SHORT_CHANCE or bool(risk.out_day and risk.out_day <= until.isoformat())


def _chance(risk: StockRisk, days: float) -> int:
    """Give the chance of running out within so many days, as the nearest horizon before says."""
    return max((chance for horizon, chance in risk.chances if horizon <= days), default=0)


async def _read_waiting(connection: Connection, world: World, warehouse: str) -> list[Waiting]:
    """Give orders that the warehouse has not begun, the oldest first."""
    wh = world.warehouse_no[warehouse]
    asked = (world.tenant, wh, int(model.State.ALLOCATED), _LOOKED_AT)
    rows = await (await connection.execute(_WAITING, asked)).fetchall()
    return [(id_, region, _decode(bytes(doc))) for id_, region, doc in rows]


async def _route(
    connection: Connection,
    world: World,
    risk: StockRisk,
    risks: Sequence[StockRisk],
    open_there: Sequence[Waiting],
    fen: int,
) -> ShortRoute | None:
    there = _source(world, risk, risks)
    if not there:
        return None
    waiting = []
    for id_, region, order in open_there:
        parts = waiting_at(order, risk.warehouse, risk.sku)
        units = sum(s.quantity for f in parts for s in f.shares if s.sku == risk.sku)
        if units:
            waiting.append((id_, region, units))
    prices = await _prices(connection, world.tenant, (risk.warehouse, there), waiting)
    able = []
    for id_, region, units in waiting:
        here_fen, there_fen = prices.get((risk.warehouse, region)), prices.get((there, region))
        if there_fen is not None:
            able.append((max(0, there_fen - (here_fen or 0)), id_, units))
    chance = _chance(risk, max(SHORT_ROUTE_D, risk.lead_days))
    free = int(world.atp[world.skus[risk.sku][0], world.warehouse_no[there]])
    taken: list[tuple[int, uuid.UUID]] = []
    units_in_all = 0
    for extra, id_, units in sorted(able):
        gains = extra * 1_000 < chance * fen * units
        if len(taken) < SKILL_ORDERS and gains and units_in_all + units <= free:
            taken.append((extra, id_))
            units_in_all += units
    if not taken:
        return None
    extra_fen = sum(extra for extra, _ in taken)
    days = max(SHORT_ROUTE_D, risk.lead_days) - units_in_all * 1_000 / max(1, risk.daily_milli)
    after = min(chance, _chance(risk, days))
    mid = units_in_all * fen * chance // 1_000 - extra_fen
    return ShortRoute(
        sku=risk.sku,
        warehouse=risk.warehouse,
        to_warehouse=there,
        orders=tuple(str(id_) for _, id_ in taken),
        out_day=risk.out_day,
        extra_fen=extra_fen,
        worth=Worth(low_fen=-extra_fen, mid_fen=mid, high_fen=units_in_all * fen - extra_fen),
        chance_before=1_000 - chance,
        chance_after=1_000 - after,
        cites=risk.cites,
    )


def _source(world: World, risk: StockRisk, risks: Sequence[StockRisk]) -> str:
    """Give the warehouse with most of the SKU that is not short itself; "" = none."""
    if risk.sku not in world.skus or risk.warehouse not in world.warehouse_no:
        return ""
    short = {each.warehouse for each in risks if each.sku == risk.sku}
    atp = world.atp[world.skus[risk.sku][0]]
    able = [(int(atp[no]), code) for code, no in world.warehouse_no.items() if code not in short]
    units, code = max(able, key=lambda e: (e[0], e[1]), default=(0, ""))
    return code if units > 0 else ""


async def _prices(
    connection: Connection,
    tenant: int,
    warehouses: tuple[str, str],
    waiting: Sequence[tuple[uuid.UUID, str, int]],
) -> dict[tuple[str, str], int]:
    regions = sorted({region for _, region, _ in waiting})
    cursor = await connection.execute(_LANES, (tenant, list(warehouses), regions))
    return {(wh, region): fen for wh, region, fen in await cursor.fetchall()}


async def read_grievances(hub: Hub, tenant: int, now_ms: int) -> list[Grievance]:
    """Give broken promises whose compensation nobody has decided and whose buyer is silent still,
    without the orders that are held out to compare with.
    """
    since = write.instant((now_ms - GRIEVANCE_D * _DAY_MS) * 1000)
    async with hub.connection() as connection:
        cursor = await connection.execute(_OWED, (tenant, since, AGENT_VIEW_ROWS))
        rows = [r for r in await cursor.fetchall() if not is_held_out(r[0], "compensate")]
        spoke = await find_complained(connection, tenant, {row[0] for row in rows})
        rates: dict[str, int] = {}
        for code in {row[1] for row in rows}:
            apart = await find_held_out(connection, tenant, code, now_ms)
            bad = await find_complained(connection, tenant, apart)
            rates[code] = 1_000 * (len(bad) + 1) // (len(apart) + 4)
    found = []
    for id_, code, step, amount, digest, gap_ms, doc in rows:
        if id_ in spoke or doc is None:
            continue
        high = COMPLAINT_FEN * rates[code] // 1_000
        found.append(
            Grievance(
                order=str(id_),
                number=_decode_name(bytes(doc)).number,
                promise=f"{code}/{step}",
                late_min=abs(gap_ms) // 60_000,
                advised_fen=amount,
                worth=Worth(low_fen=0, mid_fen=high // 2, high_fen=high),
                complains=rates[code],
                cites=(
                    Cited(kind="order", ref=str(id_)),
                    Cited(kind="promise", ref=f"{id_}/{code}", label=digest),
                ),
            )
        )
    return found


async def read_policy_knobs(hub: Hub, tenant: int, now_ms: int) -> list[PolicyKnob]:
    """Give what trials of the live set's figures say."""
    return await policy_knobs.read_knobs(hub, tenant, now_ms)


async def read_policy_wishes(hub: Hub, tenant: int, now_ms: int) -> list[PolicyWish]:
    """Give wishes that were understood and have no draft yet, the newest first."""
    async with hub.connection() as connection:
        wishes = await policy_wishes.list_wishes(connection, tenant, "", _WISHES)
    return [
        PolicyWish(
            wish=wish.id,
            words=Untrusted(text=wish.words, by="colleague"),
            plan=wish.plan,
            title=wish.told.zh,
            cites=(Cited(kind="policy", ref=wish.id, label="wish"),),
        )
        for wish in wishes
        if wish.state == "understood"
    ]
