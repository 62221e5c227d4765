"""A scenario against now: the network of a merchant played on its recorded demand."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from danshu.capabilities.network import advise, simulate
from danshu.capabilities.network.model import NetworkScenario, NetworkSettings
from danshu.hub import network_inputs, network_settings
from danshu.kernel.errors import InputError
from danshu.kernel.limits import NETWORK_SIM_DAYS, NETWORK_SIM_SEEDS, NETWORK_SIM_SKUS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg
    from numpy.typing import NDArray

    from danshu.capabilities.network.simulate import Policy, Told
    from danshu.hub.network_inputs import Goods, Places

    Connection = psycopg.AsyncConnection[Any]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEAST_DAYS: Final = simulate.WARM_DAYS + 14
NO_HISTORY: Final = InputError(
    "no_history", f"there are no {LEAST_DAYS} days of recorded demand by region yet"
)
NO_WAREHOUSE: Final = InputError("no_warehouse", "there is no such warehouse", "/closed")
ALL_CLOSED: Final = InputError("all_closed", "at least one warehouse stays open", "/closed")
_HISTORY: Final = """
select place, sku, first_day, units from forecast_history
where tenant=%s and length(place)=2 and place ~ '^[0-9]{2}$'
"""
_REGIONS: Final = (
    "select left(code,2), avg(lng_udeg)::float8, avg(lat_udeg)::float8 from regions"
    " where tenant=%s and code ~ '^[0-9]{2}' group by 1 order by 1"
)
_RECEIVED: Final = """
select m.wh, m.sku, m.id, m.on_hand from stock_moves m
where m.tenant=%s and m.sku=any(%s) and m.on_hand > 0 and m.reason <> 'transfer'
"""


class Recorded(NamedTuple):
    """Demand as it was: [days, R, S], from a day on; regions with where they lie; what came in."""

    asked: Ints
    first: datetime.date
    regions: tuple[str, ...]
    lng: Floats
    lat: Floats
    goods: Goods
    received: Ints | None  # [days after the warm ones, S, W]


class NetworkSpan(Struct, frozen=True, kw_only=True):
    """A figure over seeds: its mean and 95 % interval, thousandths."""

    low: int
    mean: int
    high: int


class NetworkPolicy(Struct, frozen=True, kw_only=True):
    """What a policy came to, means over seeds a run. `fill` is the share of units that the nearest
    warehouse served; `turns` a year; money 分. `short_change` against base-stock in the same scene,
    percent; `by_day`: units short each day.
    """

    policy: str
    asked: int
    short: NetworkSpan
    lost: int
    fill: NetworkSpan
    stock: int
    turns: int
    moved: int
    trucks: int
    move_fen: int
    holding_fen: int
    short_fen: int
    total_fen: NetworkSpan
    short_change: NetworkSpan
    stock_change: NetworkSpan
    by_day: tuple[int, ...]


class NetworkPlayed(Struct, frozen=True, kw_only=True):
    """A scenario beside now, on `days` of demand from `first_day`, `seeds` runs of each policy."""

    scenario: NetworkScenario
    first_day: str
    days: int
    seeds: int
    skus: int
    regions: int
    warehouses: int
    units: int
    now: tuple[NetworkPolicy, ...]
    then: tuple[NetworkPolicy, ...]


async def read_recorded(connection: Connection, tenant: int, places: Places) -> Recorded:
    """Read demand as recorded, of the SKUs that sold most. Raises InputError `no_history`."""
    rows = await (await connection.execute(_HISTORY, (tenant,))).fetchall()
    rows = [row for row in rows if len(row[3])]
    where = {r[0]: (r[1], r[2]) for r in await (
        await connection.execute(_REGIONS, (tenant,))).fetchall()}  # fmt: skip
    rows = [row for row in rows if row[0] in where]
    if not rows:
        raise NO_HISTORY
    last = max(row[2] + datetime.timedelta(days=len(row[3])) for row in rows)
    first = max(
        min(row[2] for row in rows),
        last - datetime.timedelta(days=simulate.WARM_DAYS + NETWORK_SIM_DAYS),
    )
    total = (last - first).days
    if total < LEAST_DAYS:
        raise NO_HISTORY
    goods = await network_inputs.read_goods(connection, tenant)
    code_of = {code: n for n, code in enumerate(goods.codes)}
    sold = np.zeros(len(goods.codes))
    for _, sku, _, units in rows:
        if sku in code_of:
            sold[code_of[sku]] += sum(units)
    chosen = [k for k in np.argsort(-sold, kind="stable")[:NETWORK_SIM_SKUS].tolist() if sold[k]]
    if not chosen:
        raise NO_HISTORY
    picked = network_inputs.pick(goods, chosen)
    at = {code: n for n, code in enumerate(picked.codes)}
    regions = sorted({row[0] for row in rows})
    place = {code: n for n, code in enumerate(regions)}
    asked = np.zeros((total, len(regions), len(chosen)), np.int64)
    for code, sku, day, units in rows:
        if sku in at:
            begin = (day - first).days
            cut = units[max(-begin, 0) :]
            asked[max(begin, 0) : max(begin, 0) + len(cut), place[code], at[sku]] += cut
    lng, lat = (np.array([where[code][k] for code in regions]) / 1e6 for k in (0, 1))
    received = await _read_received(connection, tenant, places, picked, first, total)
    return Recorded(asked, first, tuple(regions), lng, lat, picked, received)


async def _read_received(
    connection: Connection, tenant: int, places: Places, goods: Goods, first: datetime.date,
    total: int,
) -> Ints | None:  # fmt: skip
    """Read what came in of old, by day; None where nothing is recorded in these days."""
    begin = first + datetime.timedelta(days=simulate.WARM_DAYS)
    found = np.zeros((total - simulate.WARM_DAYS, len(goods.codes), len(places.codes)), np.int64)
    sku_of = {int(no): n for n, no in enumerate(goods.numbers.tolist())}
    wh_of = {no: n for n, no in enumerate(places.numbers)}
    cursor = await connection.execute(_RECEIVED, (tenant, goods.numbers.tolist()))
    for wh, sku, id_, units in await cursor.fetchall():
        at = datetime.datetime.fromtimestamp((id_.int >> 80) / 1_000, datetime.UTC).date()
        day = (at - begin).days
        if 0 <= day < len(found) and wh in wh_of:
            found[day, sku_of[sku], wh_of[wh]] += units
    return found if found.any() else None


def lay_setting(
    settings: NetworkSettings, places: Places, recorded: Recorded, scenario: NetworkScenario | None
) -> simulate.Setting:
    """Lay out the network as it is, or as a scenario has it."""
    from scipy.special import ndtri

    told = scenario or NetworkScenario()
    usable = np.array([code not in told.closed for code in places.codes])
    if not usable.any():
        raise ALL_CLOSED
    if not set(told.closed) <= set(places.codes):
        raise NO_WAREHOUSE
    far = network_inputs.distances(recorded.lng, recorded.lat, places.lng, places.lat)
    far = np.where(usable, far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, : simulate.REACH]
    near = np.where(np.isfinite(np.take_along_axis(far, near, axis=1)), near, -1)
    goods = recorded.goods
    price = goods.price_fen.astype(np.float64)
    sold = recorded.asked.sum(axis=(0, 1)) * price
    classes = advise.classify(sold, settings.share_a, settings.share_b)
    service = advise.services(settings, goods.codes, classes)
    if told.service:
        service = np.full(len(goods.codes), told.service)
    own = {one.sku: one.lot for one in settings.skus if one.lot}

    def times(days: Ints, share: int) -> Ints:
        return np.maximum(np.rint(days * share / 1_000), 1).astype(np.int64)

    return simulate.Setting(
        near=near.astype(np.int64),
        lead_days=times(places.lead_days, told.lead_share),
        km=places.km,
        usable=usable,
        lot=np.array([own.get(code, settings.lot) for code in goods.codes]),
        weight_g=goods.weight_g.astype(np.int64),
        price_fen=price,
        short_fen=price * settings.short_share / 1_000,
        service_z=ndtri(service / 1_000),
        supplier_days=times(places.supplier_days, told.supplier_share),
        supplier_deviation=places.supplier_deviation,
        review_days=settings.review_days,
        handling_fen=float(settings.handling_fen),
        holding_day=settings.holding_share / 1_000 / 365,
        trucks=settings.trucks,
        ml_per_g=float(settings.litres_per_kg),
        budget_fen=float("inf") if told.budget_fen < 0 else float(told.budget_fen),
    )


def lay_share(scenario: NetworkScenario, regions: Sequence[str]) -> Floats | None:
    """Give what a scenario makes of each region's demand; None where it changes nothing."""
    if not scenario.demand:
        return None
    share = np.ones(len(regions))
    for code, thousandths in scenario.demand:
        which = np.array([code in ("", region) for region in regions])
        share[which] = thousandths / 1_000
    return share


async def play(
    connection: Connection,
    tenant: int,
    scenario: NetworkScenario,
    tell: Callable[[str, float], None],
    seeds: int = NETWORK_SIM_SEEDS,
) -> tuple[NetworkPlayed, str]:
    """Play a scenario beside now; gives it with the digest of scenario and inputs."""
    kept = await network_settings.read(connection, tenant)
    places = await network_inputs.read_places(connection, tenant, kept.settings)
    recorded = await read_recorded(connection, tenant, places)
    tell("demand", 0.05)
    policies: tuple[Policy, ...] = simulate.POLICIES if recorded.received is not None else (
        simulate.POLICIES[:-1]
    )  # fmt: skip
    total = 2 * seeds * len(policies)
    scenes: list[dict[Policy, list[Told]]] = []

    def hear(begun: int) -> Callable[[int], None]:
        return lambda done: tell("play", 0.05 + 0.95 * (begun + done) / total)

    for n, what in enumerate((None, scenario)):
        setting = lay_setting(kept.settings, places, recorded, what)
        share = lay_share(what, recorded.regions) if what else None
        scenes.append(
            simulate.compare(
                setting, recorded.asked, range(seeds), policies,
                hear(n * seeds * len(policies)),
                share, recorded.received,
            )
        )  # fmt: skip
    days = len(recorded.asked) - simulate.WARM_DAYS
    begin = recorded.first + datetime.timedelta(days=simulate.WARM_DAYS)
    played = NetworkPlayed(
        scenario=scenario,
        first_day=begin.isoformat(),
        days=days,
        seeds=seeds,
        skus=len(recorded.goods.codes),
        regions=len(recorded.regions),
        warehouses=len(places.codes),
        units=int(recorded.asked[simulate.WARM_DAYS :].sum()),
        now=sum_up(scenes[0], days),
        then=sum_up(scenes[1], days),
    )
    said = hashlib.sha256(msgspec.json.encode((scenario, kept.settings, recorded.goods.codes)))
    said.update(recorded.asked.tobytes())
    return played, said.hexdigest()


def sum_up(found: dict[Policy, list[Told]], days: int) -> tuple[NetworkPolicy, ...]:
    """Put the runs of each policy into figures."""
    base = found["base_stock"]
    return tuple(_policy(name, runs, base, days) for name, runs in found.items())


def _policy(name: str, runs: Sequence[Told], base: Sequence[Told], days: int) -> NetworkPolicy:
    def mean(values: Sequence[float]) -> int:
        return round(float(np.mean(values)))

    sold = [one.asked - one.lost for one in runs]
    return NetworkPolicy(
        policy=name,
        asked=mean([one.asked for one in runs]),
        short=_span([one.short for one in runs]),
        lost=mean([one.lost for one in runs]),
        fill=_span([1.0 - one.short / max(one.asked, 1) for one in runs]),
        stock=mean([one.stock for one in runs]),
        turns=mean(
            [1_000 * 365 * s / days / max(r.stock, 1.0) for s, r in zip(sold, runs, strict=True)]
        ),
        moved=mean([one.moved for one in runs]),
        trucks=mean([one.trucks for one in runs]),
        move_fen=mean([one.move_fen for one in runs]),
        holding_fen=mean([one.holding_fen for one in runs]),
        short_fen=mean([one.short_fen for one in runs]),
        total_fen=_span([one.move_fen + one.holding_fen + one.short_fen for one in runs]),
        short_change=_change([one.short for one in runs], [one.short for one in base]),
        stock_change=_change([one.stock for one in runs], [one.stock for one in base]),
        by_day=tuple(np.rint(np.mean([one.by_day for one in runs], axis=0)).astype(int).tolist()),
    )


def _span(values: Sequence[float]) -> NetworkSpan:
    low, mean, high = simulate.interval(values)
    return NetworkSpan(low=round(1_000 * low), mean=round(1_000 * mean), high=round(1_000 * high))


def _change(ours: Sequence[float], others: Sequence[float]) -> NetworkSpan:
    """Give the change of paired runs, percent."""
    pairs = zip(ours, others, strict=True)
    return _span([100.0 * (a - b) / max(b, 1.0) for a, b in pairs])
