"""What a forecast learns from: past sales that were brought, and what the log says since.

Demand of a region is net demand of the asset `demand-series`; demand of a warehouse is what was
routed there, on the day on which the order was placed. Where both know a day, what was brought
counts. Days between the end of what was brought and the first of the log are unknown: they repeat
the week before. Today is not over, and is left out.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting import effects
from danshu.capabilities.forecasting.cold import Goods
from danshu.capabilities.forecasting.effects import Promotion
from danshu.capabilities.forecasting.model import HORIZON, WEEK, Panel
from danshu.hub import asset_store, assets, forecast_promotions
from danshu.hub.forecast_making import Known
from danshu.kernel import calendar
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FORECAST_FRESH, FORECAST_PAST_D, FORECAST_SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from danshu.capabilities.forecasting.model import Floats
    from danshu.hub.forecast_promotions import Planned

Connection = Any
Key = tuple[str, str]
Dated = dict[Key, dict[int, int]]
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_EAST_MS: Final = 8 * 3_600_000
_DAY_MS: Final = 86_400_000
_WORKDAYS: Final = "cn-workday@2026.1"
_BROUGHT: Final = "select place, sku, first_day, units from forecast_history where tenant=%s"
_GOODS: Final = "select code, name, price_fen from skus where tenant=%s"
_STOCKED: Final = """
select w.code, k.code from stock s join warehouses w on w.tenant=s.tenant and w.no=s.wh
join skus k on k.tenant=s.tenant and k.no=s.sku
where s.tenant=%s and s.on_hand + s.in_transit > 0 and w.code = any(%s) and not (k.code = any(%s))
order by s.on_hand + s.in_transit desc, w.code, k.code limit %s
"""


class Gathered(NamedTuple):
    """Series with their places and SKUs, what is known of days, what goods are called, the day
    from which on is forecast, and the digest of all of it.
    """

    keys: tuple[Key, ...]
    panel: Panel
    known: Known
    goods: tuple[Goods, ...]
    day: datetime.date
    digest: str


async def gather(
    connection: Connection, tenant: int, folder: Path, today: datetime.date
) -> Gathered:
    """Gather what is known before today. Sources must have been brought up to the log.

    Raises InputError `no_history` where nothing was ever sold.
    """
    brought = await (await connection.execute(_BROUGHT, (tenant,))).fetchall()
    goods = {
        code: Goods(code, name, price)
        for code, name, price in await (await connection.execute(_GOODS, (tenant,))).fetchall()
    }
    planned = await forecast_promotions.list_planned(connection, tenant)
    end = today.toordinal()
    logged = read_log(folder, tenant, end)
    first = min(
        [day.toordinal() for _, _, day, _ in brought]
        + [min(days) for days in logged.values() if days],
        default=end,
    )
    first = max(first, end - FORECAST_PAST_D)
    if first >= end:
        raise InputError("no_history", "nothing was sold yet; bring past sales")
    units = lay(brought, logged, first, end)
    ever = sorted({sku for (_, sku), row in units.items() if row.any()})
    # New goods borrow from what sold at the same place: elsewhere nothing could be said of them.
    where = sorted({place for (place, _), row in units.items() if row.any()})
    asked = (tenant, where, ever, FORECAST_FRESH)
    fresh = await (await connection.execute(_STOCKED, asked)).fetchall()
    keys = _keep(units, fresh)
    return _settle(keys, units, first, goods, planned, today)


def read_log(folder: Path, tenant: int, end: int) -> Dated:
    """Read units a day (by its ordinal, before `end`) of each region and warehouse and SKU."""
    found: Dated = {}
    with asset_store.open_store(folder, tenant) as store:
        cells = store.cells(assets.find("demand-series"))
        regional = cells.group_by(["day", "province", "sku"]).aggregate(units=cells.net.sum())
        for row in store.read(regional).to_pylist():
            day = datetime.date.fromisoformat(row["day"]).toordinal()
            place = row["province"][:2] if len(row["province"]) == 6 else row["province"]
            _add(found, (place, row["sku"]), day, row["units"], end)
        orders = store.source("orders")
        placed = orders.select(of=orders.stream, created=orders.created)
        shares = store.source("allocations")
        joined = shares.join(placed, shares.stream == placed.of)
        number = (joined.created + _EAST_MS) // _DAY_MS
        routed = joined.group_by(day=number, place=joined.warehouse, sku=joined.sku)
        for row in store.read(routed.aggregate(units=joined.units.sum())).to_pylist():
            key = (row["place"], row["sku"])
            _add(found, key, _EPOCH + int(row["day"]), row["units"], end)
    return found


def _add(found: Dated, key: Key, day: int, units: int, end: int) -> None:
    if all(key) and day < end and units and units > 0:
        days = found.setdefault(key, {})
        days[day] = days.get(day, 0) + int(units)


def lay(
    brought: Sequence[tuple[str, str, datetime.date, Sequence[int]]],
    logged: Mapping[Key, Mapping[int, int]],
    first: int,
    end: int,
) -> dict[Key, Floats]:
    """Lay both over one span of days, [first, end)."""
    found: dict[Key, Floats] = {}
    begun = min((min(days) for days in logged.values() if days), default=end)
    known_until = first
    for place, sku, since, line in brought:
        row = found[place, sku] = np.zeros(end - first)
        at = since.toordinal() - first
        skip = max(-at, 0)
        piece = np.asarray(line[skip : skip + end - first - max(at, 0)], np.float64)
        row[max(at, 0) : max(at, 0) + len(piece)] = piece
        known_until = max(known_until, since.toordinal() + len(line))
    if found and begun > known_until:
        for row in found.values():
            for day in range(known_until - first, min(begun, end) - first):
                if day >= WEEK:
                    row[day] = row[day - WEEK]
    for key, days in logged.items():
        row = found.setdefault(key, np.zeros(end - first))
        for day, units in days.items():
            is_brought = bool(brought) and day < known_until
            if first <= day and not (is_brought and row[day - first] > 0):
                row[day - first] = units
    return found


def _keep(units: dict[Key, Floats], fresh: Sequence[Key]) -> tuple[Key, ...]:
    """Keep what ever sold, the most first where there is too much; and new goods in stock."""
    kept = sorted((key for key, row in units.items() if row.any()), key=lambda k: -units[k].sum())
    return tuple(sorted([*kept[: FORECAST_SERIES - len(fresh)], *fresh]))


def _settle(
    keys: tuple[Key, ...],
    units: dict[Key, Floats],
    first: int,
    goods: Mapping[str, Goods],
    planned: Sequence[Planned],
    today: datetime.date,
) -> Gathered:
    days = today.toordinal() - first
    nothing = np.zeros(days)
    table = np.stack([units.get(key, nothing) for key in keys])
    start = np.where(table.any(axis=1), (table > 0).argmax(axis=1), days).astype(np.int64)
    places = {place: n for n, place in enumerate(dict.fromkeys(place for place, _ in keys))}
    group = np.array([places[place] for place, _ in keys], np.int64)
    panel = Panel(table, start, group, first, np.ones((len(keys), days + HORIZON)))
    of_sku: dict[str, list[int]] = {}
    for row, (_, sku) in enumerate(keys):
        of_sku.setdefault(sku, []).append(row)
    promotions = tuple(
        Promotion(
            str(one.id),
            np.array([row for sku in one.skus for row in of_sku.get(sku, ())], np.int64),
            datetime.date.fromisoformat(one.first_day).toordinal() - first,
            datetime.date.fromisoformat(one.last_day).toordinal() - first,
            one.uplift,
        )
        for one in planned
    )
    named = effects.kinds(first, days + HORIZON, kind_of_day)
    said = repr((keys, first, [(p[0], p[2:], p[1].tolist()) for p in promotions], named))
    digest = hashlib.sha256(said.encode() + table.tobytes()).hexdigest()
    return Gathered(
        keys=keys,
        panel=panel,
        known=Known(named, promotions),
        goods=tuple(goods.get(sku, Goods(sku, "", 0)) for _, sku in keys),
        day=today,
        digest=digest,
    )


def kind_of_day(day: int) -> str:
    """Tell `holiday` or `makeup` (worked instead) of a day, by its ordinal; "" is neither. Years
    without a notice of the State Council know none.
    """
    found = calendar.load(_WORKDAYS)
    number = day - _EPOCH
    return "holiday" if number in found.off else "makeup" if number in found.work else ""
