"""What moves where: lots between warehouses, worth more there than here, on trucks that pay.

A warehouse's stock is worth U(x) = -c ES(x) - w E[(x - D')+]: what a unit short costs times the
expected shortage within the horizon, less what is written down of units that do not sell while they
are fresh. U is concave, so each further lot given costs more, each taken is worth less, and a SKU's
best moves are a convex flow (flow.py). SKUs meet only in trucks. With a gram at the price that it
has in the best truck filled to the brim, each SKU is solved for itself, and the sum bounds every
plan from above: the Lagrangian bound (Geoffrion, Math. Programming Study 2, 1974). Real trucks are
not full; prices then follow what a gram really cost on each lane (dynamic slope scaling: Kim and
Pardalos, OR Letters 24, 1999), lanes whose moves do not pay for their truck are given up, and the
best plan that was met is kept with its gap to the bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.network import demand, flow, trucks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.network.demand import Sums
    from danshu.capabilities.network.model import NetworkTruck

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LOTS: Final = 40
"""Lots of a SKU that a warehouse may give, and may take, in one plan."""
ROUNDS: Final = 8
_CHUNK: Final = 250


class Problem(NamedTuple):
    """A network: [S] SKUs, [W] warehouses. Money 分, weight grams."""

    sums: Sums  # [S, W, days]
    free: Ints  # [S, W] units that may be sold
    spare: Ints  # [S, W] units that may be given away
    coming: Ints  # [S, W] units on their way, within the horizon
    lot: Ints  # [S]
    weight_g: Ints  # [S] of a unit
    short_fen: Floats  # [S] what a unit short costs
    write_down_fen: Floats  # [S] what a unit loses that isn't sold while fresh
    lead_days: Ints  # [W, W]
    km: Floats  # [W, W]
    open_lane: NDArray[np.bool_]  # [W, W]
    handling_fen: float
    trucks: Sequence[NetworkTruck]
    ml_per_g: float
    horizon_days: int
    aging_days: int


class Plan(NamedTuple):
    """What moves: lots [S, from, to], grams, cost and trucks by lane, worth and its bound, 分."""

    lots: NDArray[np.int32]
    load_g: Floats
    truck_fen: Floats
    truck: Ints
    truck_count: Ints
    worth_fen: float
    bound_fen: float

    @property
    def gap_percent(self) -> float:
        """How far the best plan could be above this one, percent of the bound."""
        if self.bound_fen <= 0:
            return 0.0
        return max(0.0, 100.0 * (self.bound_fen - self.worth_fen) / self.bound_fen)


class Curves(NamedTuple):
    """What the k-th lot costs whoever gives it and is worth to whoever takes it, and arcs, 分."""

    loss: Floats  # [S, W, LOTS]
    gain: Floats
    cost: Floats  # [S, W, W] of a lot, without its truck


def value(
    mean: Floats, variance: Floats, aged: tuple[Floats, Floats], level: Floats, short: Floats,
    write_down: Floats, at: Floats,
) -> Floats:  # fmt: skip
    """Tell what stock is worth: `level` for the window, `at` for all that is to be sold fresh."""
    left = at - aged[0] + demand.expect_short(*aged, at)
    told: Floats = -short * demand.expect_short(mean, variance, level) - write_down * left
    return told


def find_aged(problem: Problem) -> tuple[Floats, Floats]:
    """Give mean and variance of what is asked for while goods are fresh, from the days known."""
    days = problem.sums.mean.shape[-1]
    mean, variance = problem.sums.at(days)
    more = max(problem.aging_days / days, 1.0)
    return mean * more, variance * more


def curve(problem: Problem) -> Curves:
    """Find the curves of every SKU and warehouse."""
    skus, places = problem.free.shape
    steps = np.arange(LOTS + 1, dtype=np.float64)
    mean, variance = problem.sums.at(problem.horizon_days)
    aged_mean, aged_variance = find_aged(problem)
    lead = fastest(problem)
    loss = np.full((skus, places, LOTS), flow.FAR)
    gain = np.full((skus, places, LOTS), -flow.FAR)
    have = (problem.free + problem.coming).astype(np.float64)
    rest, window = remaining(problem, lead, have)
    for first in range(0, skus, _CHUNK):
        part = slice(first, first + _CHUNK)
        lot = problem.lot[part, None, None].astype(np.float64)
        aged = (aged_mean[part, :, None], aged_variance[part, :, None])
        short = problem.short_fen[part, None, None]
        write = problem.write_down_fen[part, None, None]
        less = have[part, :, None] - lot * steps
        told = value(mean[part, :, None], variance[part, :, None], aged, less, short, write, less)
        gives = problem.spare[part, :, None] >= lot * steps[1:]
        loss[part] = np.where(gives, told[..., :-1] - told[..., 1:], flow.FAR)
        more = lot * steps
        told = value(
            window[0][part, :, None], window[1][part, :, None], aged,
            rest[part, :, None] + more, short, write, have[part, :, None] + more,
        )  # fmt: skip
        gain[part] = told[..., 1:] - told[..., :-1]
    # Rounding of differences must not make a curve bend the wrong way.
    np.maximum.accumulate(loss, axis=2, out=loss)
    np.minimum.accumulate(gain, axis=2, out=gain)
    return Curves(loss, gain, arcs(problem, lead, have))


def fastest(problem: Problem) -> Ints:
    """Give the days of the fastest lane into each warehouse."""
    lead = np.where(problem.open_lane, problem.lead_days, 999)
    told: Ints = np.minimum(lead.min(axis=0), problem.horizon_days)
    return told


def remaining(problem: Problem, lead: Ints, have: Floats) -> tuple[Floats, tuple[Floats, Floats]]:
    """Give what is left when goods arrive after `lead` [W] days, and the demand after that."""
    rest = np.empty_like(have)
    mean, variance = np.empty_like(have), np.empty_like(have)
    for w, days in enumerate(lead.tolist()):
        early = tuple(part[:, w] for part in problem.sums.at(days))
        rest[:, w] = have[:, w] - early[0] + demand.expect_short(early[0], early[1], have[:, w])
        window = problem.sums.between(days, problem.horizon_days)
        mean[:, w], variance[:, w] = window[0][:, w], window[1][:, w]
    return rest, (mean, variance)


def arcs(problem: Problem, lead: Ints, have: Floats) -> Floats:
    """Give what a lot costs on each lane: hands, and what is lost by coming later than the fastest.

    A day later loses the sales of that day where the warehouse is short by then.
    """
    skus, places = problem.free.shape
    cost = np.full((skus, places, places), flow.FAR)
    lots = problem.lot[:, None].astype(np.float64)
    short_by = np.stack(
        [demand.exceed(*problem.sums.at(days), have) for days in range(problem.horizon_days + 1)]
    )  # [days, S, W]
    for w in range(places):
        days = np.clip(problem.lead_days[:, w], lead[w], problem.horizon_days)
        late = (short_by[days, :, w] - short_by[lead[w], :, w]).T  # [S, from]
        each = lots * (problem.handling_fen + problem.short_fen[:, None] * np.maximum(late, 0.0))
        cost[:, :, w] = np.where(problem.open_lane[:, w], each, flow.FAR)
    return cost


def solve(
    problem: Problem, tell: Callable[[str, float], None], budget_fen: float = float("inf")
) -> Plan:
    """Plan the moves; `budget_fen` bounds what trucks and hands may cost."""
    curves = curve(problem)
    tell("plan", 0.1)
    price = trucks.rate(problem.trucks, problem.km, problem.ml_per_g)
    weight = (problem.lot * problem.weight_g).astype(np.float64)
    best: Plan | None = None
    bound = 0.0
    for turn in range(ROUNDS):
        lots = np.zeros(curves.cost.shape, np.int32)
        worth = flow.solve_moves(*curves, price, weight, lots)
        if turn == 0:
            bound = float(worth.sum())
        found = settle(problem, curves, lots, weight, bound, budget_fen)
        if best is None or found.worth_fen > best.worth_fen:
            best = found
        used = found.load_g > 0
        told = np.where(used, found.truck_fen / np.maximum(found.load_g, 1.0), price)
        # A lane that was given up asks what it asked for in vain, and a little less each time.
        gave_up = (lots.sum(axis=0) > 0) & ~used
        price = np.where(gave_up, price * 2.0, 0.5 * price + 0.5 * told)
        tell("plan", 0.1 + 0.85 * (turn + 1) / ROUNDS)
    assert best is not None
    return best


def settle(
    problem: Problem, curves: Curves, lots: NDArray[np.int32], weight: Floats, bound: float,
    budget_fen: float,
) -> Plan:  # fmt: skip
    """Make a plan of lots: trucks for each lane, lanes given up that do not pay for theirs."""
    lots = lots.copy()
    for _ in range(4):
        load = np.einsum("s,sij->ij", weight, lots)
        cost, main, count = trucks.choose(problem.trucks, problem.km, load, problem.ml_per_g)
        gains = lane_gains(curves, lots)
        poor = (load > 0) & (gains < cost)
        if not poor.any():
            break
        lots[:, poor] = 0
    load = np.einsum("s,sij->ij", weight, lots)
    cost, main, count = trucks.choose(problem.trucks, problem.km, load, problem.ml_per_g)
    if np.isfinite(budget_fen):
        _keep_within(problem, curves, lots, cost, budget_fen)
        load = np.einsum("s,sij->ij", weight, lots)
        cost, main, count = trucks.choose(problem.trucks, problem.km, load, problem.ml_per_g)
    worth = total(curves, lots) - float(cost.sum())
    return Plan(lots, load, cost, main, count, worth, bound)


def _keep_within(
    problem: Problem, curves: Curves, lots: NDArray[np.int32], cost: Floats, budget_fen: float
) -> None:
    """Give lanes up, those that bring least for their cost first, until the rest is affordable."""
    units = np.einsum("s,sij->ij", problem.lot.astype(np.float64), lots)
    spent = cost + problem.handling_fen * units
    ratio = np.where(spent > 0, lane_gains(curves, lots) / np.maximum(spent, 1.0), np.inf)
    order = np.argsort(ratio, axis=None)
    left = float(spent.sum())
    for lane in order.tolist():
        if left <= budget_fen:
            return
        i, j = divmod(lane, cost.shape[1])
        left -= float(spent[i, j])
        lots[:, i, j] = 0


def total(curves: Curves, lots: NDArray[np.int32]) -> float:
    """Give what all moves are worth without trucks."""
    gain = _upto(curves.gain, lots.sum(axis=1)) - _upto(curves.loss, lots.sum(axis=2))
    arcs_ = np.where(lots > 0, curves.cost * lots, 0.0)
    return float(gain.sum() - arcs_.sum())


def _upto(marginal: Floats, count: Ints | NDArray[np.int32]) -> Floats:
    """Sum the first `count` [S, W] steps of a curve [S, W, k]."""
    whole = np.where(np.abs(marginal) >= flow.FAR, 0.0, marginal)
    sums = np.concatenate([np.zeros((*whole.shape[:2], 1)), np.cumsum(whole, axis=2)], axis=2)
    told: Floats = np.take_along_axis(sums, count[..., None].astype(np.int64), axis=2)[..., 0]
    return told


def lane_gains(curves: Curves, lots: NDArray[np.int32]) -> Floats:
    """Give what each lane's moves are worth without its truck, if all others stay: ends shared by
    lanes count at their mean.
    """
    given, taken = lots.sum(axis=2), lots.sum(axis=1)
    loss = _upto(curves.loss, given) / np.maximum(given, 1)
    gain = _upto(curves.gain, taken) / np.maximum(taken, 1)
    each = gain[:, None, :] - loss[:, :, None] - np.where(lots > 0, curves.cost, 0.0)
    told: Floats = (each * lots).sum(axis=0)
    return told


Which = tuple["Ints", "Ints", "Ints"]


def weigh(problem: Problem, which: Which, units: Floats) -> tuple[Floats, Floats, Floats]:
    """Give what moves are worth without their truck in the low, middle and high case, 分: what they
    save if demand at the target is at its 10 %, as expected, at its 90 %, less what the source
    loses by them.
    """
    s, source, target = which
    have = (problem.free + problem.coming).astype(np.float64)
    short = problem.short_fen[s]
    mean, variance = problem.sums.at(problem.horizon_days)
    lose = demand.expect_short(mean[s, source], variance[s, source], have[s, source] - units)
    lose -= demand.expect_short(mean[s, source], variance[s, source], have[s, source])
    days = np.minimum(problem.lead_days[source, target], problem.horizon_days)
    early = _pick(problem, s, target, days)
    whole = mean[s, target], variance[s, target]
    window = whole[0] - early[0], np.maximum(whole[1] - early[1], 0.0)
    level = have[s, target]
    rest = level - early[0] + demand.expect_short(*early, level)
    saved = demand.expect_short(*window, rest) - demand.expect_short(*window, rest + units)
    aged = find_aged(problem)
    down = problem.write_down_fen[s] * (
        _left(aged[0][s, source], aged[1][s, source], have[s, source], -units)
        + _left(aged[0][s, target], aged[1][s, target], level, units)
    )
    cases = [np.clip(demand.quantile(*window, share) - rest, 0.0, units) for share in (0.1, 0.9)]
    low, high = (short * (case - lose) - down for case in cases)
    mid = short * (saved - lose) - down
    return np.minimum(low, mid), mid, np.maximum(high, mid)


def _left(mean: Floats, variance: Floats, level: Floats, more: Floats) -> Floats:
    """Give how many more units age unsold when `more` come to a level."""
    before = level - mean + demand.expect_short(mean, variance, level)
    told: Floats = level + more - mean + demand.expect_short(mean, variance, level + more) - before
    return told


def _pick(problem: Problem, s: Ints, w: Ints, days: Ints) -> tuple[Floats, Floats]:
    """Give mean and variance of the first `days` of each row."""
    last = np.maximum(days - 1, 0)
    has = days > 0
    mean, variance = problem.sums.mean[s, w, last], problem.sums.variance[s, w, last]
    return np.where(has, mean, 0.0), np.where(has, variance, 0.0)


def chances(problem: Problem, which: Which, units: Ints) -> tuple[Ints, Ints]:
    """Give the chances that the target falls short within the horizon, before and after a move,
    thousandths.
    """
    s, source, target = which
    have = (problem.free + problem.coming)[s, target].astype(np.float64)
    mean, variance = problem.sums.at(problem.horizon_days)
    whole = mean[s, target], variance[s, target]
    days = np.minimum(problem.lead_days[source, target], problem.horizon_days)
    eve = demand.exceed(*_pick(problem, s, target, np.maximum(days - 1, 0)), have)
    before = np.maximum(demand.exceed(*whole, have), eve)
    after = np.maximum(demand.exceed(*whole, have + units), eve)
    return np.rint(1_000 * before).astype(np.int64), np.rint(1_000 * after).astype(np.int64)


def single_rate(problem: Problem, plan: Plan) -> Floats:
    """Give what a gram costs on each lane: what the plan's trucks come to, or the best truck's."""
    full = trucks.rate(problem.trucks, problem.km, problem.ml_per_g)
    told: Floats = np.where(plan.load_g > 0, plan.truck_fen / np.maximum(plan.load_g, 1.0), full)
    return told
