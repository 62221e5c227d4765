"""The plan of a network: rows of who will be short, what is kept back, what is slow, what moves.

Pure of the database but for what it reads through `network_inputs`; the child of a run does it.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from danshu.capabilities.network import advise, demand, rebalance, risk
from danshu.hub import network_inputs
from danshu.kernel.limits import NETWORK_MOVES, NETWORK_PLAN_SKUS, NETWORK_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg
    from numpy.typing import NDArray

    from danshu.capabilities.network.model import NetworkSettings
    from danshu.hub.network_inputs import Chunk, Inputs, Places

    Connection = psycopg.AsyncConnection[Any]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

OTHERS: Final = 3
_SEVEN: Final = risk.HORIZONS.index(7)
_HALF: Final = 500


class Row(NamedTuple):
    """A row of network_rows, but for tenant, run and number, in the order of its columns."""

    wh: str
    sku: str
    on_hand: int
    reserved: int
    safety: int
    in_transit: int
    daily_milli: int
    c3: int
    c7: int
    c14: int
    c28: int
    out_day: datetime.date | None
    lead_days: int
    class_: str
    service: int
    advised: int
    kept_now: int
    kept_then: int
    holding_fen: int
    gap_fen: int
    cover_days: int
    value_fen: int
    slow_fen: int
    markdown: int


class Other(Struct, frozen=True, array_like=True):
    """Another source of a move: warehouse, worth in 分, the chance after it, why it was not taken
    (`also_short`, `dearer`, `slower`, `empty`).
    """

    warehouse: str
    worth_fen: int
    after: int
    why_not: str


class Move(NamedTuple):
    """A row of network_moves, but for tenant, run and number, in the order of its columns."""

    from_wh: str
    to_wh: str
    sku: str
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
    others: bytes


class NetworkFigures(Struct, frozen=True, kw_only=True):
    """What a run found, in figures. Money 分, `gap_ppm` millionths of the bound; `unknown` rows of
    stock are not planned, since nothing is foretold of them.
    """

    rows: int
    skus: int
    unknown: int
    short: int
    slow: int
    moves: int
    units: int
    trucks: int
    move_fen: int
    worth_fen: int
    bound_fen: int
    gap_ppm: int
    forecast: str


class Made(NamedTuple):
    """A whole plan."""

    rows: list[Row]
    moves: list[Move]
    figures: NetworkFigures
    digest: str


class Gathered:
    """Rows as they come, portion by portion: all are counted, the most urgent NETWORK_ROWS kept."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.skus: set[str] = set()
        self.total = self.short = self.slow = self.unknown = 0

    def take(self, rows: Sequence[Row], unknown: int) -> None:
        """Take a portion's rows; `unknown` of its rows of stock have no forecast."""
        self.rows += rows
        self.skus.update(row.sku for row in rows)
        self.total += len(rows)
        self.short += sum(row.c7 >= _HALF for row in rows)
        self.slow += sum(row.value_fen > 0 for row in rows)
        self.unknown += unknown
        if len(self.rows) > 2 * NETWORK_ROWS:
            self.sort()

    def sort(self) -> None:
        """Put who will be short first, there the surest; then what sells most."""
        self.rows.sort(key=lambda r: (-r.c7, -r.c14, -r.c28, -r.daily_milli, r.wh, r.sku))
        del self.rows[NETWORK_ROWS:]


async def make(
    connection: Connection,
    tenant: int,
    today: datetime.date,
    tell: Callable[[str, float], None],
) -> Made:
    """Make the plan. Raises InputError `no_network`, `no_forecast`."""
    inputs = await network_inputs.read(connection, tenant)
    parts = network_inputs.portions(inputs.goods)
    kept: dict[int, Chunk] = {}
    value = np.zeros(len(inputs.goods.codes))
    for n, which in enumerate(parts):
        chunk = await network_inputs.read_chunk(connection, tenant, inputs, which, today)
        sold = chunk.sums.at(risk.DAYS)[0].sum(axis=1) / risk.DAYS
        value[which] = sold * chunk.goods.price_fen
        if len(parts) == 1:
            kept[n] = chunk
        tell("demand", 0.3 * (n + 1) / len(parts))
    classes = advise.classify(value, inputs.settings.share_a, inputs.settings.share_b)
    gathered = Gathered()
    stake = np.zeros(len(inputs.goods.codes))
    seen = hashlib.sha256(inputs.digest.encode())
    for n, which in enumerate(parts):
        chunk = kept.get(n) or await network_inputs.read_chunk(
            connection, tenant, inputs, which, today
        )
        gathered.take(lay_rows(inputs, chunk, classes[which], today), chunk.unknown)
        stake[which] = find_stake(inputs.settings, chunk)
        seen.update(chunk.on_hand.tobytes() + chunk.reserved.tobytes() + chunk.safety.tobytes())
        tell("rows", 0.3 + 0.2 * (n + 1) / len(parts))
    gathered.sort()
    chosen = np.argsort(-stake, kind="stable")[:NETWORK_PLAN_SKUS]
    picked = sorted(int(k) for k in chosen if stake[k] > 0)
    moves: list[Move] = []
    plan: rebalance.Plan | None = None
    if picked and len(inputs.places.codes) > 1:
        chunk = await network_inputs.read_chunk(connection, tenant, inputs, picked, today)
        problem = lay_problem(inputs, chunk)
        plan = rebalance.solve(problem, lambda stage, share: tell(stage, 0.5 + 0.45 * share))
        moves = lay_moves(inputs, chunk, problem, plan)
    figures = sum_up(inputs, gathered, moves, plan)
    return Made(gathered.rows, moves, figures, seen.hexdigest())


def sum_up(
    inputs: Inputs, gathered: Gathered, moves: Sequence[Move], plan: rebalance.Plan | None
) -> NetworkFigures:
    """Put a plan into figures."""
    return NetworkFigures(
        rows=gathered.total,
        skus=len(gathered.skus),
        unknown=gathered.unknown,
        short=gathered.short,
        slow=gathered.slow,
        moves=len(moves),
        units=sum(move.quantity for move in moves),
        trucks=int(plan.truck_count.sum()) if plan else 0,
        move_fen=sum(move.cost_fen for move in moves),
        worth_fen=round(plan.worth_fen) if plan else 0,
        bound_fen=round(plan.bound_fen) if plan else 0,
        gap_ppm=round(plan.gap_percent * 10_000) if plan else 0,
        forecast=inputs.forecast,
    )


def find_stake(settings: NetworkSettings, chunk: Chunk) -> Floats:
    """Give what is at stake for each SKU: what its expected shortage and its slow stock cost."""
    mean, variance = chunk.sums.at(settings.horizon_days)
    short = demand.expect_short(mean, variance, chunk.free.astype(np.float64))
    told: Floats = (np.where(mean > demand.TINY, short, 0.0)).sum(axis=1) * chunk.goods.price_fen
    return told


def lay_rows(inputs: Inputs, chunk: Chunk, classes: Ints, today: datetime.date) -> list[Row]:
    """Lay out a portion's rows."""
    settings, places = inputs.settings, inputs.places
    service = advise.services(settings, chunk.goods.codes, classes)
    seasons = {one.sku: one.season_days for one in settings.skus}
    once = np.array([seasons.get(code, 0) for code in chunk.goods.codes])
    lead = (places.supplier_days, places.supplier_deviation)
    told = advise.advise(
        settings, chunk.sums, chunk.safety, service, chunk.goods.price_fen, lead, once
    )
    slow = advise.find_slow(settings, chunk.sums, chunk.free, chunk.goods.price_fen)
    s, w = np.nonzero(chunk.known)
    flat = demand.Sums(chunk.sums.mean[s, w], chunk.sums.variance[s, w])
    found = risk.find_risks(flat, chunk.free[s, w], chunk.in_transit[s, w], chunk.arrival[s, w])
    daily = np.rint(1_000 * flat.mean[:, -1] / risk.DAYS).astype(np.int64)
    dates = [None] + [today + datetime.timedelta(days=d - 1) for d in range(1, risk.DAYS + 1)]
    columns = [
        [places.codes[k] for k in w], [chunk.goods.codes[k] for k in s],
        *(part[s, w].tolist() for part in chunk[1:5]), daily.tolist(),
        *(found.chance[:, k].tolist() for k in range(len(risk.HORIZONS))),
        [dates[k] for k in found.out.tolist()], places.supplier_days[w].tolist(),
        [advise.CLASSES[k] for k in classes[s]], service[s].tolist(),
        *(part[s, w].tolist() for part in told), slow.cover_days[s, w].tolist(),
        slow.value_fen[s, w].tolist(), slow.worth_fen[1][s, w].tolist(),
        slow.markdown[s, w].tolist(),
    ]  # fmt: skip
    return [Row(*each) for each in zip(*columns, strict=True)]


def lay_problem(inputs: Inputs, chunk: Chunk) -> rebalance.Problem:
    """Lay out what is to be moved."""
    settings, places = inputs.settings, inputs.places
    own = {one.sku: one.lot for one in settings.skus if one.lot}
    price = chunk.goods.price_fen.astype(np.float64)
    soon = (chunk.arrival > 0) & (chunk.arrival <= settings.horizon_days)
    return rebalance.Problem(
        sums=chunk.sums,
        free=chunk.free,
        # Of what nothing is foretold nothing is taken: it may sell all the same.
        spare=np.where(chunk.known, np.maximum(chunk.free, 0), 0),
        coming=np.where(soon, chunk.in_transit, 0),
        lot=np.array([own.get(code, settings.lot) for code in chunk.goods.codes]),
        weight_g=chunk.goods.weight_g,
        short_fen=price * settings.short_share / 1_000,
        write_down_fen=price * settings.write_down_share / 1_000,
        lead_days=places.lead_days,
        km=places.km,
        open_lane=~np.eye(len(places.codes), dtype=np.bool_),
        handling_fen=float(settings.handling_fen),
        trucks=settings.trucks,
        ml_per_g=float(settings.litres_per_kg),
        horizon_days=settings.horizon_days,
        aging_days=settings.aging_days,
    )


def lay_moves(
    inputs: Inputs, chunk: Chunk, problem: rebalance.Problem, plan: rebalance.Plan
) -> list[Move]:
    """Lay out the moves, those that bring most first."""
    settings, places = inputs.settings, inputs.places
    s, i, j = np.nonzero(plan.lots)
    units = plan.lots[s, i, j] * problem.lot[s]
    share = units * problem.weight_g[s] / np.maximum(plan.load_g[i, j], 1.0)
    cost = np.rint(plan.truck_fen[i, j] * share + settings.handling_fen * units).astype(np.int64)
    low, mid, high = rebalance.weigh(problem, (s, i, j), units.astype(np.float64))
    before, after = rebalance.chances(problem, (s, i, j), units)
    order = np.argsort(-(mid - cost), kind="stable")[:NETWORK_MOVES]
    trucks = [t.title or t.code for t in settings.trucks]
    found = []
    for rank, k in enumerate(order.tolist()):
        others = _others(problem, plan, places, (int(s[k]), int(i[k]), int(j[k])), int(units[k]))
        found.append(
            Move(
                places.codes[i[k]], places.codes[j[k]], chunk.goods.codes[s[k]], int(units[k]),
                int(places.lead_days[i[k], j[k]]), trucks[int(plan.truck[i[k], j[k]])],
                int(cost[k]), int(low[k] - cost[k]), int(mid[k] - cost[k]), int(high[k] - cost[k]),
                settings.horizon_days, int(before[k]), int(after[k]),
                msgspec.json.encode(others) if rank < _WITH_OTHERS else b"",
            )
        )  # fmt: skip
    return found


_WITH_OTHERS: Final = 2_000


def _others(
    problem: rebalance.Problem, plan: rebalance.Plan, places: Places, move: tuple[int, int, int],
    units: int,
) -> list[Other]:  # fmt: skip
    """Name the sources that come next for a move, and why they were not taken."""
    s, source, target = move
    rates = problem.km[:, target] * 1.0
    rows = [w for w in np.argsort(rates, kind="stable").tolist() if w not in (source, target)]
    ends = np.array(rows[: 2 * OTHERS], np.int64)
    if not len(ends):
        return []
    which = (np.full(len(ends), s), ends, np.full(len(ends), target))
    many = np.full(len(ends), units)
    _, mid, _ = rebalance.weigh(problem, which, many.astype(np.float64))
    _, after = rebalance.chances(problem, which, many)
    price = rebalance.single_rate(problem, plan)[ends, target]
    net = mid - price * units * problem.weight_g[s] - problem.handling_fen * units
    left = problem.free[s, ends] - plan.lots[s, ends].sum(axis=1) * problem.lot[s]
    found = []
    for k, w in enumerate(ends.tolist()):
        why = "dearer"
        if left[k] < units:
            why = "empty"
        elif mid[k] <= 0:
            why = "also_short"
        elif problem.lead_days[w, target] > problem.lead_days[source, target]:
            why = "slower"
        found.append(Other(places.codes[w], int(net[k]), int(after[k]), why))
    return found[:OTHERS]
