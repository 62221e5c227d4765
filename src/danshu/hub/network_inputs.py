"""What a network's plan is made of: places, goods, stock, what is on its way, demand foretold."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import psycopg

from danshu.capabilities.network import demand, risk
from danshu.hub import forecast_reading, network_settings
from danshu.kernel.errors import InputError
from danshu.kernel.limits import NETWORK_CHUNK_SKUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.network.demand import Sums
    from danshu.capabilities.network.model import NetworkSettings
    from danshu.hub.forecast_reading import Demand

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Connection = psycopg.AsyncConnection[Any]
NO_FORECAST: Final = InputError("no_forecast", "there is no forecast yet: make one first")
NO_NETWORK: Final = InputError("no_network", "there are no warehouses or goods yet")
ROAD: Final = 1.3
"""How much longer a road is than the great circle."""
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_EARTH_KM: Final = 6_371.0
_LOW, _HIGH = 1, 5  # the 10 % and 90 % quantiles among those of a forecast
_WAREHOUSES: Final = (
    "select no,code,name,lng_udeg,lat_udeg,region from warehouses where tenant=%s order by no"
)
_SKUS: Final = "select no,code,name,weight_g,price_fen from skus where tenant=%s order by no"
_STOCK: Final = (
    "select wh,sku,on_hand,reserved,safety,in_transit from stock where tenant=%s and sku=any(%s)"
)
_FORECAST: Final = "select id::text, digest from forecast_runs where tenant=%s order by at desc"
_TRANSFERS: Final = """
select to_wh, doc::text from transfers where tenant=%s and state='dispatched'
"""


class _Line(msgspec.Struct, frozen=True):
    sku: str
    sent: int = 0
    good: int = 0
    damaged: int = 0


class _Plan(msgspec.Struct, frozen=True):
    arrives_ms: int = 0


class _Transfer(msgspec.Struct, frozen=True):
    lines: tuple[_Line, ...] = ()
    plan: _Plan = _Plan()


_decode_transfer: Final = msgspec.json.Decoder(_Transfer).decode


class Places(NamedTuple):
    """Warehouses and the ways between them."""

    numbers: tuple[int, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    provinces: tuple[str, ...]
    lng: Floats  # degrees
    lat: Floats
    km: Floats  # [W, W] by road
    lead_days: Ints  # [W, W]
    lead_deviation: Ints  # [W, W]
    supplier_days: Ints  # [W]
    supplier_deviation: Ints  # [W]


class Goods(NamedTuple):
    """SKUs, one after the other."""

    numbers: Ints
    codes: tuple[str, ...]
    names: tuple[str, ...]
    weight_g: Ints
    price_fen: Ints


class Chunk(NamedTuple):
    """Some SKUs in all warehouses, [S, W] each, units; `sums` [S, W, days]."""

    goods: Goods
    on_hand: Ints
    reserved: Ints
    safety: Ints
    in_transit: Ints
    arrival: Ints  # days from today on which it comes
    known: NDArray[np.bool_]  # something is foretold: without that nothing is said of a row
    unknown: int  # rows of stock of which nothing is foretold
    sums: Sums

    @property
    def free(self) -> Ints:
        """What may be sold; below zero where reserved units lie in the safety stock."""
        return self.on_hand - self.reserved - self.safety


class Inputs(NamedTuple):
    """What a run is made of but the stock itself, which is read in portions."""

    settings: NetworkSettings
    places: Places
    goods: Goods
    forecast: str
    digest: str  # of settings, forecast, warehouses and goods


def today(now_ms: int) -> datetime.date:
    """Give the day in China."""
    return datetime.datetime.fromtimestamp(now_ms / 1_000, _ZONE).date()


def distances(lng: Floats, lat: Floats, to_lng: Floats, to_lat: Floats) -> Floats:
    """Give great-circle distances in km, one row an origin (haversine); degrees."""
    lng_a, lat_a, lng_b, lat_b = (np.radians(part) for part in (lng, lat, to_lng, to_lat))
    across = np.sin((lng_b[None] - lng_a[:, None]) / 2.0) ** 2
    up = np.sin((lat_b[None] - lat_a[:, None]) / 2.0) ** 2
    half = up + np.cos(lat_a)[:, None] * np.cos(lat_b)[None] * across
    told: Floats = 2.0 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return told


async def read(connection: Connection, tenant: int) -> Inputs:
    """Read what a plan begins with. Raises InputError `no_network`, `no_forecast`."""
    kept = await network_settings.read(connection, tenant)
    places = await read_places(connection, tenant, kept.settings)
    goods = await read_goods(connection, tenant)
    row = await (await connection.execute(_FORECAST, (tenant,))).fetchone()
    if row is None:
        raise NO_FORECAST
    said = msgspec.json.encode((kept.settings, row[0], row[1], places.codes, goods.codes))
    return Inputs(kept.settings, places, goods, row[0], hashlib.sha256(said).hexdigest())


async def read_places(connection: Connection, tenant: int, settings: NetworkSettings) -> Places:
    """Read the warehouses. Raises InputError `no_network`."""
    rows = await (await connection.execute(_WAREHOUSES, (tenant,))).fetchall()
    if not rows:
        raise NO_NETWORK
    lng = np.array([row[3] for row in rows]) / 1e6
    lat = np.array([row[4] for row in rows]) / 1e6
    km = ROAD * distances(lng, lat, lng, lat)
    lead = 1 + np.ceil(km / settings.speed_km_day).astype(np.int64)
    deviation = np.full(lead.shape, settings.lane_deviation_days)
    at = {row[1]: n for n, row in enumerate(rows)}
    for lane in settings.lanes:
        if lane.from_warehouse in at and lane.to_warehouse in at:
            here = at[lane.from_warehouse], at[lane.to_warehouse]
            lead[here], deviation[here] = lane.days, lane.deviation_days
    supplier = np.full(len(rows), settings.supplier_days)
    wide = np.full(len(rows), settings.supplier_deviation_days)
    for one in sorted(settings.suppliers, key=lambda s: s.warehouse != ""):
        which = slice(None) if one.warehouse == "" else [at[one.warehouse]]
        if one.warehouse == "" or one.warehouse in at:
            supplier[which], wide[which] = one.days, one.deviation_days
    return Places(
        tuple(row[0] for row in rows), tuple(row[1] for row in rows),
        tuple(row[2] for row in rows), tuple(str(row[5])[:2] for row in rows),
        lng, lat, km, lead, deviation, supplier, wide,
    )  # fmt: skip


async def read_goods(connection: Connection, tenant: int) -> Goods:
    """Read the SKUs. Raises InputError `no_network`."""
    rows = await (await connection.execute(_SKUS, (tenant,))).fetchall()
    if not rows:
        raise NO_NETWORK
    return Goods(
        np.array([row[0] for row in rows]), tuple(row[1] for row in rows),
        tuple(row[2] for row in rows), np.maximum([row[3] for row in rows], 1),
        np.array([row[4] for row in rows]),
    )  # fmt: skip


def pick(goods: Goods, which: Sequence[int]) -> Goods:
    """Give some of the SKUs."""
    rows = np.asarray(which, np.int64)
    return Goods(
        goods.numbers[rows], tuple(goods.codes[n] for n in rows),
        tuple(goods.names[n] for n in rows), goods.weight_g[rows], goods.price_fen[rows],
    )  # fmt: skip


def portions(goods: Goods) -> list[list[int]]:
    """Cut the SKUs into portions that memory holds."""
    every = list(range(len(goods.codes)))
    return [every[n : n + NETWORK_CHUNK_SKUS] for n in range(0, len(every), NETWORK_CHUNK_SKUS)]


async def read_chunk(
    connection: Connection, tenant: int, inputs: Inputs, which: Sequence[int], today: datetime.date
) -> Chunk:
    """Read stock and demand of some SKUs in every warehouse."""
    goods, places = pick(inputs.goods, which), inputs.places
    shape = (len(goods.codes), len(places.codes))
    stock = np.zeros((4, *shape), np.int64)
    known, stored = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    row_of = {int(no): n for n, no in enumerate(goods.numbers.tolist())}
    wh_of = {no: n for n, no in enumerate(places.numbers)}
    told = await connection.execute(_STOCK, (tenant, goods.numbers.tolist()))
    for wh, sku, *units in await told.fetchall():
        here = row_of[sku], wh_of[wh]
        stock[(slice(None), *here)], stored[here] = units, True
    mean, deviation = np.zeros((*shape, risk.DAYS)), np.zeros((*shape, risk.DAYS))
    spans: dict[int, Floats] = {}
    code_of = {code: n for n, code in enumerate(goods.codes)}
    for w, place in enumerate(places.codes):
        found = await forecast_reading.read_demand(
            connection, tenant, place=place, skus=goods.codes, days=risk.DAYS,
            since=today.isoformat(),
        )  # fmt: skip
        for one in found:
            here = code_of[one.sku], w
            known[here] = True
            mean[here], deviation[here] = read_days(one)
            for span, whole in read_spans(one):
                spans.setdefault(span, np.full(shape, np.nan))[here] = whole
    sums = calibrate(demand.sum_days(mean, deviation), spans)
    arrival = np.where(stock[3] > 0, np.maximum(_usual(places)[None, :], 1), 0)
    await _read_arrivals(connection, tenant, (code_of, places), arrival, today)
    unknown = int((stored & ~known).sum())
    return Chunk(goods, stock[0], stock[1], stock[2], stock[3], arrival, known, unknown, sums)


def _usual(places: Places) -> Ints:
    """Give the days in which what is on its way is taken to come, where nobody said when: half of
    what its supplier takes.
    """
    return (places.supplier_days + 1) // 2


async def _read_arrivals(
    connection: Connection, tenant: int, where: tuple[dict[str, int], Places], arrival: Ints,
    today: datetime.date,
) -> None:  # fmt: skip
    """Take the days from transfers that are under way and say when they arrive."""
    code_of, places = where
    at = {code: n for n, code in enumerate(places.codes)}
    midnight = datetime.datetime.combine(today, datetime.time(), datetime.UTC).timestamp() * 1000
    for to, doc in await (await connection.execute(_TRANSFERS, (tenant,))).fetchall():
        one = _decode_transfer(doc)
        if one.plan.arrives_ms and to in at:
            days = max(int((one.plan.arrives_ms - midnight) // 86_400_000), 1)
            for line in one.lines:
                if line.sku in code_of and line.sent > line.good + line.damaged:
                    arrival[code_of[line.sku], at[to]] = days


def read_days(one: Demand) -> tuple[Floats, Floats]:
    """Give mean and standard deviation of each day, units."""
    mean = np.array([day.mean_milli for day in one.days]) / 1_000.0
    low = np.array([day.quantiles_milli[_LOW] for day in one.days])
    high = np.array([day.quantiles_milli[_HIGH] for day in one.days])
    spread = (high - low) / 1_000.0 / demand.SPREAD_80
    # Counts are at least as wide as Poisson's, also where both quantiles are 0.
    return mean, np.maximum(spread, np.sqrt(np.maximum(mean, 0.0)))


def read_spans(one: Demand) -> list[tuple[int, float]]:
    """Give the variance of totals over the spans for which they were calibrated."""
    return [
        (span, ((q.quantiles_milli[_HIGH] - q.quantiles_milli[_LOW]) / 1e3 / demand.SPREAD_80) ** 2)
        for span, q in one.spans
    ]


def calibrate(sums: Sums, spans: dict[int, Floats]) -> Sums:
    """Widen or narrow sums to the variance that was calibrated for some spans, between them by
    lines; never below Poisson's.
    """
    if not spans:
        return sums
    days = sums.mean.shape[-1]
    marks = [span for span in sorted(spans) if span <= days]
    factor = [np.ones(sums.mean.shape[:-1])]
    for span in marks:
        own = np.maximum(sums.variance[..., span - 1], demand.TINY)
        told = np.maximum(spans[span], sums.mean[..., span - 1])
        factor.append(np.where(np.isfinite(told), told / own, 1.0))
    at = [1, *marks]
    wide = np.empty_like(sums.variance)
    for day in range(1, days + 1):
        after = min(int(np.searchsorted(at, day)), len(at) - 1)
        before = max(after - 1, 0)
        share = (day - at[before]) / max(at[after] - at[before], 1)
        wide[..., day - 1] = factor[before] + min(share, 1.0) * (factor[after] - factor[before])
    return demand.Sums(sums.mean, np.maximum.accumulate(sums.variance * wide, axis=-1))
