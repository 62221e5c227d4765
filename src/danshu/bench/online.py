"""`danshu bench online`: a day of 100,000 orders decided one by one, the forecast wrong.

Decided by the product's own engine with the prices of `replan.forecast`: without prices (myopic),
at the morning's prices (static), at prices refreshed 20 times a day; beside them the nearest
warehouse with stock and, knowing the whole day, the optimum. A share of the way from myopic to the
optimum is what a policy closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.bench import country
from danshu.bench.report import Number, Report, make_report, read_machine
from danshu.capabilities.routing.batch import PART_NAMES
from danshu.capabilities.routing.decide import route_batch
from danshu.capabilities.routing.replan import forecast, gate, solve
from danshu.capabilities.routing.replan.cells import CLOSED, UNIT_WORK, count_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from danshu.bench.country import Country
    from danshu.capabilities.routing.replan.cells import Orders, Problem
    from danshu.capabilities.routing.replan.duals import Duals

    Floats = NDArray[np.float64]
    Pricing = Callable[[int, NDArray[np.int32], Floats], Duals | None]

ORDERS: Final = 100_000
SKUS: Final = 1_000
SIGMA: Final = 0.3
REFRESHES: Final = 20
WANTED_PERCENT: Final = 70.0
_PRICE: Final = PART_NAMES.index("price_fen")


class Day:
    """A day of orders, and what a planner believes of it beforehand."""

    def __init__(self, orders: int, tightness: tuple[float, float]) -> None:
        rng = np.random.default_rng(country.SEED)
        self.country: Country = country.build(SKUS, rng)
        drawn = country.draw_orders(self.country, orders, rng, is_single=True)
        self.problem: Problem = country.build_problem(self.country, drawn, rng, tightness)
        wrong = self.country.sku_share * rng.lognormal(0.0, SIGMA, SKUS)
        self.prior = orders * wrong / wrong.sum()
        self.codes = [f"SKU{row:05d}" for row in range(SKUS)]
        self.goods = forecast.Goods(
            self.country.weight_g.astype(np.int32),
            np.ones(SKUS, np.int32),
            country.VALUE_FEN,
            country.PROMISE_MIN,
        )
        self.rng = rng

    def price(self, rate: Floats, atp: NDArray[np.int32], capacity: Floats, futures: int) -> Duals:
        """Price futures drawn at these rates on what is left."""
        drawn = [
            forecast.draw(self.goods, self.country.region_share, rate, self.rng)
            for _ in range(futures)
        ]
        snapshot = self.country.snapshot
        return forecast.price_futures(snapshot, drawn, self.problem.minute, atp, capacity)


def cut(orders: Orders, begin: int, end: int) -> Orders:
    """Give the single-line orders from `begin` to before `end`."""
    part = orders._asdict() | {"line_start": np.arange(end - begin + 1, dtype=np.int32)}
    return type(orders)(
        **{
            name: table if name == "line_start" else table[begin:end]
            for name, table in part.items()
        }
    )


def decide_day(day: Day, pricing: Pricing) -> tuple[int, int]:
    """Decide the day in REFRESHES pieces; gives the true cost, 分, and orders left behind."""
    atp, capacity = day.problem.atp.copy(), day.problem.capacity.copy()
    total, lost = 0, 0
    for turn in range(REFRESHES):
        count = len(day.problem.orders.region)
        begin, end = count * turn // REFRESHES, count * (turn + 1) // REFRESHES
        told = pricing(turn, atp, capacity)
        prices = gate.make_prices("bench", day.codes, told) if told else None
        snapshot = gate.at_prices(day.country.snapshot, prices)
        row_of = {int(code[3:]): row for code, row in snapshot.price_rows.items()}
        batch = gate.lay_batch(
            snapshot, day.problem._replace(orders=cut(day.problem.orders, begin, end)), row_of
        )
        routed = route_batch(snapshot, batch, day.problem.minute, atp, capacity)
        total += int(routed.parts_fen.sum() - routed.parts_fen[:, _PRICE].sum())
        lost += int((routed.warehouse[0] < 0).sum())
    return total, lost


def decide_nearest(day: Day) -> int:
    """Send each order to the nearest warehouse that has stock and work; gives the cost, 分."""
    cells = count_cells(
        day.country.snapshot, day.problem, np.arange(len(day.problem.orders.region))
    )
    rows = np.empty(len(cells.member), np.int64)
    rows[cells.member] = np.repeat(np.arange(len(cells.size)), cells.size)
    atp, capacity = day.problem.atp.copy(), day.problem.capacity.copy()
    near = day.country.snapshot.network.transit_min.argsort(axis=1, kind="stable")
    total = 0
    for order, row in enumerate(rows.tolist()):
        sku, region = cells.sku[row], day.problem.orders.region[order]
        for w in near[region].tolist():
            if atp[sku, w] > 0 and capacity[w] >= UNIT_WORK and cells.cost_fen[row, w] < CLOSED:
                atp[sku, w] -= 1
                capacity[w] -= UNIT_WORK
                total += int(cells.cost_fen[row, w])
                break
        else:
            total += int(cells.penalty_fen[row])
    return total


def refresh(day: Day) -> Pricing:
    """Price anew before each piece, by the forecast corrected by what was counted."""

    def pricing(turn: int, atp: NDArray[np.int32], capacity: Floats) -> Duals:
        count = len(day.problem.orders.region)
        seen = np.bincount(day.problem.orders.sku[: count * turn // REFRESHES], minlength=SKUS)
        rate = forecast.correct(day.prior, seen, turn / REFRESHES)
        return day.price(rate, atp, capacity, forecast.FUTURES)

    return pricing


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure on a day of `size` orders (100,000), normal and tight stock."""
    del seconds
    machine = read_machine()
    figures: dict[str, Number] = {}
    floor: dict[str, Any] = {"gap_closed_percent": 0.0}  # deciding without prices
    for prefix, tightness in (("", country.NORMAL), ("tight_", country.TIGHT)):
        figures |= measure(prefix, Day(size or ORDERS, tightness))
    return make_report(
        "online",
        figures=figures,
        floor=floor,
        budget={"gap_open_percent": 100.0 - WANTED_PERCENT},
        met=figures["gap_closed_percent"] >= WANTED_PERCENT,
        machine=machine,
    )


def measure(prefix: str, day: Day) -> dict[str, Number]:
    """Decide one day in all ways; money in yuan."""
    best = solve.solve(day.country.snapshot, day.problem)
    morning = day.price(day.prior, day.problem.atp, day.problem.capacity, 1)
    myopic, myopic_lost = decide_day(day, lambda *_: None)
    static, _ = decide_day(day, lambda *_: morning)
    priced, lost = decide_day(day, refresh(day))
    nearest = decide_nearest(day)
    gap = max(myopic - best.cost_fen, 1)

    def closed(fen: int) -> float:
        return 100.0 * (myopic - fen) / gap

    return {
        f"{prefix}gap_closed_percent": closed(priced),
        f"{prefix}gap_open_percent": 100.0 - closed(priced),
        f"{prefix}static_gap_closed_percent": closed(static),
        f"{prefix}nearest_gap_closed_percent": closed(nearest),
        f"{prefix}myopic_over_optimum_percent": 100.0 * gap / best.cost_fen,
        f"{prefix}optimum_gap_percent": best.gap_percent,
        f"{prefix}myopic_lost": myopic_lost,
        f"{prefix}lost": lost,
    }
