"""What a merchant's newest plan says, as skills read it: risks, moves, safety, slow movers, shares.

Each row cites the run of the plan as `model`, the forecast, and the row of stock (`SKU@warehouse`).
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.capabilities.network import demand, shares
from danshu.hub import forecast_reading, network_inputs, network_settings
from danshu.hub.network_plan import Other
from danshu.kernel.limits import AGENT_DRAFTS, AGENT_VIEW_ROWS
from danshu.ports.skill import Cited, Day, Untrusted, Worth
from danshu.ports.skill_views import PromotionSplit, SafetyGap, SlowMover, StockRisk, TransferOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.forecast_reading import Demand

Connection = Any
GOODS: Final = "master data"
"""Who wrote the names of goods: whoever keeps the merchant's goods, or a platform."""
CHART_DAYS: Final = 14
_FIELDS: Final = (
    "r.wh,r.sku,coalesce(k.name,''),r.on_hand,r.reserved,r.safety,r.in_transit,r.daily_milli,"
    "r.c3,r.c7,r.c14,r.c28,coalesce(r.out_day::text,''),r.lead_days,h.run::text,n.forecast"
)
_FROM: Final = """
from network_heads h
join network_runs n on n.tenant=h.tenant and n.id=h.run
join network_rows r on r.tenant=h.tenant and r.run=h.no
left join skus k on k.tenant=h.tenant and k.code=r.sku
"""
_RISKS: Final = f"select {_FIELDS} {_FROM} where h.tenant=%s and r.c28>=%s order by r.no limit %s"
_ONE: Final = f"select {_FIELDS} {_FROM} where h.tenant=%s and r.wh=%s and r.sku=%s"
_GAPS: Final = f"""
select r.wh,r.sku,coalesce(k.name,''),r.safety,r.advised,r.service,r.holding_fen,r.gap_fen,
r.kept_now,r.kept_then,h.run::text,n.forecast {_FROM}
where h.tenant=%s and r.advised<>r.safety and r.gap_fen>0 order by -r.gap_fen, r.no limit %s
"""
_SLOW: Final = f"""
select r.wh,r.sku,coalesce(k.name,''),r.on_hand-r.reserved-r.safety,r.cover_days,r.value_fen,
r.markdown,r.slow_fen,h.run::text,n.forecast {_FROM}
where h.tenant=%s and r.value_fen>0 and r.slow_fen>0 and r.markdown>0
order by -r.value_fen, r.no limit %s
"""
_MOVES: Final = """
select m.from_wh,m.to_wh,m.sku,coalesce(k.name,''),m.quantity,m.days,m.truck,m.cost_fen,m.low_fen,
m.mid_fen,m.high_fen,m.chance_days,m.before,m.after,m.others,h.run::text,n.forecast
from network_heads h join network_runs n on n.tenant=h.tenant and n.id=h.run
join network_moves m on m.tenant=h.tenant and m.run=h.no
left join skus k on k.tenant=h.tenant and k.code=m.sku
where h.tenant=%s and m.mid_fen>0 order by m.no limit %s
"""
_FREE: Final = """
select w.code, k.code, s.on_hand-s.reserved-s.safety from stock s
join warehouses w on w.tenant=s.tenant and w.no=s.wh join skus k on k.tenant=s.tenant and k.no=s.sku
where s.tenant=%s and k.code=any(%s)
"""
_QUOTAS: Final = """
select w.code, k.code, k.name, k.price_fen, q.channel, q.cap, q.used,
  s.on_hand-s.reserved-s.safety from quotas q
join warehouses w on w.tenant=q.tenant and w.no=q.wh join skus k on k.tenant=q.tenant and k.no=q.sku
join stock s on s.tenant=q.tenant and s.wh=q.wh and s.sku=q.sku
where q.tenant=%s order by w.code, k.code, q.channel limit %s
"""
_PROMOTIONS: Final = """
select id::text, name, skus, last_day from forecast_promotions
where tenant=%s and last_day>=%s order by first_day limit 100
"""
decode_others: Final = msgspec.json.Decoder(tuple[Other, ...]).decode


def cite(run: str, forecast: str, warehouse: str, sku: str) -> tuple[Cited, ...]:
    """Cite what a row rests on."""
    return (
        Cited(kind="forecast", ref=forecast, label=f"{sku}@{warehouse}"),
        Cited(kind="stock", ref=sku, label=warehouse),
        Cited(kind="model", ref=f"network/{run}"),
    )


async def read_risks(hub: Hub, tenant: int, now_ms: int) -> list[StockRisk]:
    """Read who will be short, the surest and soonest first."""
    async with hub.connection() as connection:
        rows = await (await connection.execute(_RISKS, (tenant, 50, AGENT_VIEW_ROWS))).fetchall()
        charted = await read_charts(
            connection, tenant, [(row[0], row[1], _free(row), row[6]) for row in rows], now_ms
        )
    return [show_risk(row, charted.get((row[0], row[1]), ())) for row in rows]


async def read_risk(hub: Hub, tenant: int, warehouse: str, sku: str) -> StockRisk | None:
    """Read one row, with its chart; None where the plan has none."""
    async with hub.connection() as connection:
        row = await (await connection.execute(_ONE, (tenant, warehouse, sku))).fetchone()
        if row is None:
            return None
        charted = await read_charts(
            connection, tenant, [(warehouse, sku, _free(row), row[6])], hub.clock()
        )
    return show_risk(row, charted.get((warehouse, sku), ()))


def _free(row: Sequence[Any]) -> int:
    return int(row[3] - row[4] - row[5])


def show_risk(row: Sequence[Any], chart: tuple[Day, ...]) -> StockRisk:
    """Show a row of a plan."""
    return StockRisk(
        warehouse=row[0],
        sku=row[1],
        name=Untrusted(text=row[2], by=GOODS),
        on_hand=row[3],
        reserved=row[4],
        safety=row[5],
        in_transit=row[6],
        daily_milli=row[7],
        chances=((3, row[8]), (7, row[9]), (14, row[10]), (28, row[11])),
        out_day=row[12],
        lead_days=row[13],
        cites=cite(row[14], row[15], row[0], row[1]),
        chart=chart,
    )


async def read_charts(
    connection: Connection,
    tenant: int,
    wanted: Sequence[tuple[str, str, int, int]],
    now_ms: int,
    more: dict[tuple[str, str], tuple[int, int]] | None = None,
) -> dict[tuple[str, str], tuple[Day, ...]]:
    """Draw what will be left to sell on each of CHART_DAYS days: for (warehouse, SKU, what may be
    sold, in transit); `more`: (units, day) that an action would bring. The first AGENT_DRAFTS only.
    """
    by_place: dict[str, list[tuple[str, int, int]]] = {}
    for warehouse, sku, free, coming in wanted[:AGENT_DRAFTS]:
        by_place.setdefault(warehouse, []).append((sku, free, coming))
    today = network_inputs.today(now_ms)
    found = {}
    for place, rows in by_place.items():
        told = await forecast_reading.read_demand(
            connection, tenant, place=place, skus=[row[0] for row in rows], days=CHART_DAYS,
            since=today.isoformat(),
        )  # fmt: skip
        have = {sku: free for sku, free, _ in rows}
        for one in told:
            brought = (more or {}).get((place, one.sku), (0, 0))
            found[place, one.sku] = draw(one, today, have[one.sku], brought)
    return found


def draw(one: Demand, today: datetime.date, free: int, brought: tuple[int, int]) -> tuple[Day, ...]:
    """Draw what will be left: quantiles of stock are those of demand the other way round."""
    units, day_of = brought
    days = [Day(day=today.isoformat(), known=1_000 * free)]
    for n in range(len(one.days)):
        whole = forecast_reading.total(one, 0, n)
        left = [1_000 * free - q for q in reversed(whole.quantiles_milli)]
        came = 1_000 * units if n + 1 >= day_of else 0
        days.append(
            Day(
                day=(today + datetime.timedelta(days=n + 1)).isoformat(),
                without=tuple(max(q, 0) for q in left),
                with_=max(left[3] + came, 0) if units else None,
            )
        )
    return tuple(days)


async def read_transfers(hub: Hub, tenant: int, now_ms: int) -> list[TransferOption]:
    """Read the moves that the plan asks for, those that bring most first."""
    async with hub.connection() as connection:
        rows = await (await connection.execute(_MOVES, (tenant, AGENT_VIEW_ROWS))).fetchall()
        free = await _read_free(connection, tenant, {row[2] for row in rows[:AGENT_DRAFTS]})
        charted = await read_charts(
            connection,
            tenant,
            [(row[1], row[2], free.get((row[1], row[2]), 0), 0) for row in rows],
            now_ms,
            {(row[1], row[2]): (row[4], row[5]) for row in reversed(rows)},
        )
    return [
        TransferOption(
            from_warehouse=row[0],
            to_warehouse=row[1],
            sku=row[2],
            name=Untrusted(text=row[3], by=GOODS),
            quantity=row[4],
            days=row[5],
            truck=row[6],
            cost_fen=row[7],
            worth=Worth(low_fen=row[8], mid_fen=row[9], high_fen=row[10]),
            chance_days=row[11],
            chance_before=row[12],
            chance_after=row[13],
            cites=(
                *cite(row[15], row[16], row[1], row[2]),
                Cited(kind="stock", ref=row[2], label=row[0]),
            ),
            others=tuple(
                (o.warehouse, o.worth_fen, o.after, o.why_not)
                for o in (decode_others(bytes(row[14])) if row[14] else ())
            ),
            chart=charted.get((row[1], row[2]), ()),
        )
        for row in rows
    ]


async def _read_free(
    connection: Connection, tenant: int, skus: Iterable[str]
) -> dict[tuple[str, str], int]:
    rows = await (await connection.execute(_FREE, (tenant, sorted(skus)))).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def read_gaps(hub: Hub, tenant: int, now_ms: int) -> list[SafetyGap]:
    """Read the rows whose safety stock isn't what is advised, those that bring most first."""
    del now_ms
    async with hub.connection() as connection:
        rows = await (await connection.execute(_GAPS, (tenant, AGENT_VIEW_ROWS))).fetchall()
    return [
        SafetyGap(
            warehouse=row[0],
            sku=row[1],
            name=Untrusted(text=row[2], by=GOODS),
            now=row[3],
            advised=row[4],
            service=row[5],
            holding_fen=row[6],
            # The worth of a year; what a cycle's demand is was estimated from weeks of days.
            worth=Worth(low_fen=row[7] // 2, mid_fen=row[7], high_fen=row[7] + row[7] // 2),
            chance_before=1_000 - row[8],
            chance_after=1_000 - row[9],
            cites=cite(row[10], row[11], row[0], row[1]),
        )
        for row in rows
    ]


async def read_slow(hub: Hub, tenant: int, now_ms: int) -> list[SlowMover]:
    """Read what sells too slowly, with the markdown that brings most."""
    del now_ms
    async with hub.connection() as connection:
        kept = await network_settings.read(connection, tenant)
        rows = await (await connection.execute(_SLOW, (tenant, AGENT_VIEW_ROWS))).fetchall()
    down = kept.settings.write_down_share
    return [
        SlowMover(
            warehouse=row[0],
            sku=row[1],
            name=Untrusted(text=row[2], by=GOODS),
            on_hand=row[3],
            cover_days=row[4],
            value_fen=row[5],
            write_down_fen=row[5] * down // 1_000,
            markdown=row[6],
            worth=Worth(low_fen=row[7] // 2, mid_fen=row[7], high_fen=row[7] + row[7] // 2),
            cites=cite(row[8], row[9], row[0], row[1]),
        )
        for row in rows
    ]


async def read_splits(hub: Hub, tenant: int, now_ms: int) -> list[PromotionSplit]:
    """Read how quotas of SKUs in a planned promotion should be shared among channels."""
    today = network_inputs.today(now_ms)
    async with hub.connection() as connection:
        planned = await (await connection.execute(_PROMOTIONS, (tenant, today))).fetchall()
        if not planned:
            return []
        kept = await network_settings.read(connection, tenant)
        told = await connection.execute(_QUOTAS, (tenant, 4 * AGENT_VIEW_ROWS))
        rows = await told.fetchall()
        groups: dict[tuple[str, str], list[Any]] = {}
        for row in rows:
            groups.setdefault((row[0], row[1]), []).append(row)
        found = []
        for (place, sku), quotas in groups.items():
            promotion = next((p for p in planned if sku in p[2]), None)
            if promotion is None or len(quotas) < 2:
                continue
            days = max((promotion[3] - today).days + 1, 1)
            told_demand = await forecast_reading.read_demand(
                connection, tenant, place=place, skus=[sku], days=days, since=today.isoformat()
            )
            if told_demand:
                share = kept.settings.short_share
                split = split_one(promotion, quotas, told_demand[0], days, share)
                if split is not None:
                    found.append(split)
    found.sort(key=lambda one: (-one.worth.mid_fen, one.warehouse, one.sku))
    return found[:AGENT_VIEW_ROWS]


def split_one(
    promotion: Sequence[Any], quotas: Sequence[Any], one: Demand, days: int, short_share: int
) -> PromotionSplit | None:
    """Share out what is left of a row's quotas; None where the shares are right already.

    Each channel sells of the warehouse's demand what it sold of the quotas so far; one that has
    sold nothing yet counts as if it had sold one.
    """
    place, sku, name, price = quotas[0][:4]
    used = np.array([row[6] for row in quotas], np.float64)
    caps = np.array([row[5] for row in quotas], np.int64)
    left = np.maximum(caps - used.astype(np.int64), 0)
    pool = int(min(left.sum(), max(quotas[0][7], 0)))
    whole = forecast_reading.total(one, 0, days - 1)
    wide = (whole.quantiles_milli[5] - whole.quantiles_milli[1]) / 1_000.0 / demand.SPREAD_80
    part = (used + 1.0) / (used + 1.0).sum()
    mean = part * whole.mean_milli / 1_000.0
    variance = np.maximum(np.square(part * wide), mean)
    earns = np.full(len(part), price * short_share / 1_000.0)
    best = shares.share(pool, mean, variance, earns)
    now = np.minimum(left, pool)
    gain = round(
        shares.worth(best, mean, variance, earns) - shares.worth(now, mean, variance, earns)
    )
    advised = used.astype(np.int64) + best
    if gain <= 0 or (advised == caps).all():
        return None
    return PromotionSplit(
        promotion=promotion[1],
        warehouse=place,
        sku=sku,
        name=Untrusted(text=name, by=GOODS),
        now=tuple((row[4], int(row[5])) for row in quotas),
        advised=tuple((row[4], int(n)) for row, n in zip(quotas, advised, strict=True)),
        worth=Worth(low_fen=gain // 2, mid_fen=gain, high_fen=gain + gain // 2),
        chance_before=shares.short_chance(now, mean, variance),
        chance_after=shares.short_chance(best, mean, variance),
        cites=(
            Cited(kind="forecast", ref=one.forecast, label=f"{sku}@{place}"),
            Cited(kind="stock", ref=sku, label=place),
        ),
    )
