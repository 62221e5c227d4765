"""The newest plan as people read it: pages of rows and moves, one row in full, places for a launch.

Pages go by keyset within one plan; a cursor of an older plan belongs to another list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from msgspec import Struct

from danshu.capabilities.network import demand, shares
from danshu.hub import forecast_reading, network_inputs, network_reading, network_settings
from danshu.hub.network_reading import decode_others
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub

Connection = Any
View = Literal["short", "safety", "slow"]
NO_ROW: Final = InputError("no_row", "the newest plan has no such row")
NO_SHAPE: Final = InputError("no_forecast", "nothing is foretold of these goods", "/like")
OTHER_PLAN: Final = InputError("bad_cursor", "the cursor belongs to an older plan")
_COLUMNS: Final = (
    "r.no,r.wh,coalesce(w.name,''),r.sku,coalesce(k.name,''),r.on_hand,r.reserved,r.safety,"
    "r.in_transit,r.daily_milli,r.c3,r.c7,r.c14,r.c28,coalesce(r.out_day::text,''),r.lead_days,"
    "r.class,r.service,r.advised,r.kept_now,r.kept_then,r.gap_fen,r.cover_days,r.value_fen,"
    "r.slow_fen,r.markdown"
)
_JOINS: Final = """
left join warehouses w on w.tenant=r.tenant and w.code=r.wh
left join skus k on k.tenant=r.tenant and k.code=r.sku
"""
_WAREHOUSES: Final = "select code from warehouses where tenant=%s order by no"
_FORECAST: Final = "select exists (select 1 from forecast_runs where tenant=%s)"
_HEAD: Final = "select run, no from network_heads where tenant=%s"
_ORDERS: Final[dict[str, tuple[str, str, str]]] = {
    # the key, which rows, behind which place: each is an index
    "short": ("0::int8", "true", "r.no>%(no)s"),
    "safety": ("-r.gap_fen", "r.advised<>r.safety", "(-r.gap_fen, r.no) > (%(key)s, %(no)s)"),
    "slow": ("-r.value_fen", "r.value_fen>0", "(-r.value_fen, r.no) > (%(key)s, %(no)s)"),
}
_MOVES: Final = """
select m.no,m.from_wh,m.to_wh,m.sku,coalesce(k.name,''),m.quantity,m.days,m.truck,m.cost_fen,
m.low_fen,m.mid_fen,m.high_fen,m.chance_days,m.before,m.after from network_moves m
left join skus k on k.tenant=m.tenant and k.code=m.sku
where m.tenant=%s and m.run=%s and m.no>%s and (%s='' or m.to_wh=%s) and (%s='' or m.sku=%s)
order by m.no limit %s
"""
_MOVES_TO: Final = """
select m.from_wh,m.quantity,m.days,m.cost_fen,m.mid_fen,m.before,m.after,m.others
from network_moves m where m.tenant=%s and m.run=%s and m.to_wh=%s and m.sku=%s order by m.no
limit 10
"""
_ONE: Final = f"""
select {_COLUMNS} from network_rows r {_JOINS}
where r.tenant=%s and r.run=%s and r.wh=%s and r.sku=%s
"""


class NetworkRow(Struct, frozen=True, kw_only=True):
    """A SKU in a warehouse, as the plan found it. Chances and services in thousandths: of being
    short within 3, 7, 14, 28 days; `out_day` in the middle case, "" for not within 28. `kept_now`
    and `kept_then`: that a cycle has no shortage with the safety stock as it is and as advised,
    worth `gap_fen` 分 a year. `slow_fen`: what the markdown (thousandths) brings.
    """

    no: int
    warehouse: str
    warehouse_name: str
    sku: str
    sku_name: str
    on_hand: int
    reserved: int
    safety: int
    in_transit: int
    daily_milli: int
    chance_3: int
    chance_7: int
    chance_14: int
    chance_28: int
    out_day: str
    lead_days: int
    class_code: str
    service: int
    advised: int
    kept_now: int
    kept_then: int
    gap_fen: int
    cover_days: int
    value_fen: int
    slow_fen: int
    markdown: int


class NetworkMove(Struct, frozen=True, kw_only=True):
    """A move that the plan asks for: its share of trucks and hands `cost_fen`, worth after costs in
    80 % of futures (分), chances of being short within `chance_days` before and after, thousandths.
    """

    no: int
    from_warehouse: str
    to_warehouse: str
    sku: str
    sku_name: str
    quantity: int
    days: int
    truck: str
    cost_fen: int
    low_fen: int
    mid_fen: int
    high_fen: int
    chance_days: int
    before: int
    after: int


class NetworkSource(Struct, frozen=True, kw_only=True):
    """Where a row could get stock from: `taken` is in the plan; else `why_not`: also_short, dearer,
    slower, empty.
    """

    warehouse: str
    quantity: int
    days: int
    worth_fen: int
    after: int
    taken: bool
    why_not: str


class NetworkDay(Struct, frozen=True, kw_only=True):
    """What will be left to sell at the end of a day, thousandths of a unit: quantiles 2.5, 10, 25,
    50, 75, 90, 97.5 % without any move; `then` the middle with the plan's moves, -1 for none.
    """

    day: str
    left: tuple[int, ...]
    then: int


class NetworkDetail(Struct, frozen=True, kw_only=True):
    """One row in full."""

    row: NetworkRow
    days: tuple[NetworkDay, ...]
    sources: tuple[NetworkSource, ...]
    forecast: str
    run: str


class NetworkPlacement(Struct, frozen=True, kw_only=True):
    """How many units of a launch go to a warehouse; what it is expected to ask for until the next
    supply, thousandths of a unit, and the chance that it falls short, thousandths.
    """

    warehouse: str
    quantity: int
    expected_milli: int
    chance: int


async def read_head(connection: Connection, tenant: int) -> tuple[str, int]:
    """Give the newest plan: its run ("" for none) and number."""
    row = await (await connection.execute(_HEAD, (tenant,))).fetchone()
    return (str(row[0]), int(row[1])) if row else ("", 0)


async def read_ground(connection: Connection, tenant: int) -> tuple[tuple[str, ...], bool]:
    """Give the warehouses' codes, and whether there is a forecast to plan by."""
    rows = await (await connection.execute(_WAREHOUSES, (tenant,))).fetchall()
    told = await (await connection.execute(_FORECAST, (tenant,))).fetchone()
    return tuple(row[0] for row in rows), bool(told and told[0])


async def list_rows(
    connection: Connection, tenant: int, view: View, after: Sequence[int] | None, limit: int,
    warehouse: str = "", sku: str = "",
) -> tuple[list[NetworkRow], tuple[int, int, int] | None]:  # fmt: skip
    """List rows of the newest plan: who will be short first, whose safety stock is worth changing
    most, what is slow and dear. Gives them with the place of the next page (plan, key, number).
    """
    _, no = await read_head(connection, tenant)
    if after and after[0] != no:
        raise OTHER_PLAN
    key, which, behind = _ORDERS[view]
    narrow = " and r.wh=%(wh)s" * bool(warehouse) + " and r.sku=%(sku)s" * bool(sku)
    order = "r.no" if view == "short" else f"{key}, r.no"
    query = (
        f"select {_COLUMNS}, {key} from network_rows r {_JOINS} where r.tenant=%(tenant)s"
        f" and r.run=%(run)s and {which} and {behind}{narrow} order by {order} limit %(limit)s"
    )
    told = {
        "tenant": tenant,
        "run": no,
        "key": after[1] if after else -(2**62),
        "no": after[2] if after else 0,
        "wh": warehouse,
        "sku": sku,
        "limit": limit + 1,
    }
    rows = await (await connection.execute(query, told)).fetchall()
    more = (no, int(rows[limit - 1][-1]), int(rows[limit - 1][0])) if len(rows) > limit else None
    return [show_row(row) for row in rows[:limit]], more


def show_row(row: Sequence[Any]) -> NetworkRow:
    """Show a row."""
    names = NetworkRow.__struct_fields__
    return NetworkRow(**dict(zip(names, row[: len(names)], strict=True)))


async def list_moves(
    connection: Connection, tenant: int, after: Sequence[int] | None, limit: int,
    warehouse: str = "", sku: str = "",
) -> tuple[list[NetworkMove], tuple[int, int] | None]:  # fmt: skip
    """List the newest plan's moves, those that bring most first, with the next page's place."""
    _, no = await read_head(connection, tenant)
    if after and after[0] != no:
        raise OTHER_PLAN
    told = (tenant, no, after[1] if after else 0, warehouse, warehouse, sku, sku, limit + 1)
    rows = await (await connection.execute(_MOVES, told)).fetchall()
    names = NetworkMove.__struct_fields__
    found = [NetworkMove(**dict(zip(names, row, strict=True))) for row in rows[:limit]]
    return found, ((no, found[-1].no) if len(rows) > limit else None)


async def read_detail(hub: Hub, tenant: int, warehouse: str, sku: str) -> NetworkDetail:
    """Read a row in full. Raises InputError `no_row`."""
    risk = await network_reading.read_risk(hub, tenant, warehouse, sku)
    async with hub.connection() as connection:
        run, no = await read_head(connection, tenant)
        row = await (await connection.execute(_ONE, (tenant, no, warehouse, sku))).fetchone()
        if risk is None or row is None:
            raise NO_ROW
        moves = await (await connection.execute(_MOVES_TO, (tenant, no, warehouse, sku))).fetchall()
    sources = [
        NetworkSource(
            warehouse=m[0], quantity=m[1], days=m[2], worth_fen=m[4], after=m[6], taken=True,
            why_not="",
        )
        for m in moves
    ]  # fmt: skip
    taken = {one.warehouse for one in sources}
    for m in moves[:1]:
        sources += [
            NetworkSource(
                warehouse=o.warehouse, quantity=m[1], days=0, worth_fen=o.worth_fen,
                after=o.after, taken=False, why_not=o.why_not,
            )
            for o in (decode_others(bytes(m[7])) if m[7] else ())
            if o.warehouse not in taken
        ]  # fmt: skip
    days = [
        NetworkDay(day=d.day, left=d.without, then=_then(d.without, moves, n))
        for n, d in enumerate(risk.chart)
        if d.without
    ]
    return NetworkDetail(
        row=show_row(row),
        days=tuple(days),
        sources=tuple(sources),
        forecast=risk.cites[0].ref,
        run=run,
    )


def _then(without: Sequence[int], moves: Sequence[Any], day: int) -> int:
    if not moves:
        return -1
    return int(without[3] + sum(1_000 * m[1] for m in moves if m[2] <= day))


async def place_launch(
    connection: Connection, tenant: int, like: str, quantity: int, now_ms: int
) -> list[NetworkPlacement]:
    """Share the first supply of new goods among warehouses by what is foretold of them, or of goods
    like them, until the next supply can come. Raises InputError `no_forecast`, `no_network`.
    """
    kept = await network_settings.read(connection, tenant)
    places = await network_inputs.read_places(connection, tenant, kept.settings)
    since = network_inputs.today(now_ms).isoformat()
    mean, variance = np.zeros(len(places.codes)), np.zeros(len(places.codes))
    for w, place in enumerate(places.codes):
        days = int(places.supplier_days[w]) + kept.settings.review_days
        told = await forecast_reading.read_demand(
            connection, tenant, place=place, skus=[like], days=days, since=since
        )
        if told:
            day, deviation = network_inputs.read_days(told[0])
            sums = demand.sum_days(day, deviation)
            mean[w], variance[w] = sums.mean[-1], sums.variance[-1]
    if not mean.any():
        raise NO_SHAPE
    have = shares.share(quantity, mean, variance, np.ones(len(mean)))
    short = demand.exceed(mean, variance, have.astype(np.float64))
    found = [
        NetworkPlacement(
            warehouse=code,
            quantity=int(have[w]),
            expected_milli=round(1_000 * mean[w]),
            chance=round(1_000 * float(short[w])),
        )
        for w, code in enumerate(places.codes)
        if mean[w] > 0 or have[w] > 0
    ]
    return sorted(found, key=lambda p: (-p.quantity, p.warehouse))
