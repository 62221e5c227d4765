"""The network on recorded demand, day by day, under several policies and the same chance.

Demand arrives by region and is served from the nearest warehouse with stock, else from the next
ones, else it is lost. Suppliers and trucks take their time. Every policy meets the same demand and
the same delays of suppliers (common random numbers), so that they differ by what they do alone.

- `naive` orders what was sold on average and moves nothing;
- `base_stock` orders each warehouse up to a level, and moves nothing;
- `ours` orders up to as many units in all, shared out anew, and moves stock where that pays;
- `past` receives what the merchant really received, when that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from danshu.capabilities.network import days, flow, levels, trucks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.network.model import NetworkTruck

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Policy = Literal["naive", "base_stock", "ours", "past"]
POLICIES: Final[tuple[Policy, ...]] = ("naive", "base_stock", "ours", "past")
WARM_DAYS: Final = 28
"""Days of demand that a policy knows before the first simulated one."""
REACH: Final = 3
MOVE_DAYS: Final = 3
ROUNDS: Final = 3
_BLOCK: Final = 7


class Setting(NamedTuple):
    """What is simulated: [R] regions, [W] warehouses, [S] SKUs. Money 分, weight grams."""

    near: Ints  # [R, REACH], -1 for none
    lead_days: Ints  # [W, W]
    km: Floats  # [W, W]
    usable: NDArray[np.bool_]  # [W]
    lot: Ints  # [S]
    weight_g: Ints  # [S]
    price_fen: Floats  # [S]
    short_fen: Floats  # [S]
    service_z: Floats  # [S] normal quantile of the service level
    supplier_days: Ints  # [W]
    supplier_deviation: Ints  # [W]
    review_days: int
    handling_fen: float
    holding_day: float  # of a unit's value, a day
    trucks: Sequence[NetworkTruck]
    ml_per_g: float
    budget_fen: float  # a review


class Told(NamedTuple):
    """What a policy came to in one run; units but where it says."""

    asked: int
    short: int
    lost: int
    stock: float  # on hand and between warehouses, the mean of all days
    moved: int
    trucks: int
    move_fen: float
    holding_fen: float
    short_fen: float
    by_day: Ints  # [days] short


class Chance(NamedTuple):
    """What a seed draws, the same for every policy."""

    asked: Ints  # [WARM_DAYS + days, R, S]
    supplier: Ints  # [days, W] days that an order of that day takes


def draw(setting: Setting, recorded: Ints, seed: int, share: Floats | None = None) -> Chance:
    """Draw a seed's demand from what was recorded [days, R, S]: seed 0 is the record itself, others
    put whole weeks of it together anew (moving blocks: Künsch, Annals of Statistics 17, 1989).

    `share` [R] multiplies demand; the part of a unit that is left is drawn.
    """
    rng = np.random.default_rng(seed)
    total = len(recorded)
    order = np.arange(total)
    if seed:
        blocks = -(-total // _BLOCK)
        first = rng.integers(0, max(total - _BLOCK, 0) + 1, blocks)
        order = (first[:, None] + np.arange(_BLOCK)).ravel()[:total] % total
    asked = recorded[order]
    if share is not None:
        wanted = asked * share[:, None]
        asked = np.floor(wanted + rng.random(asked.shape)).astype(np.int64)
    spread = rng.normal(0.0, 1.0, (total, len(setting.supplier_days)))
    delays = np.rint(setting.supplier_days + setting.supplier_deviation * spread)
    return Chance(asked.astype(np.int64), np.maximum(delays, 1.0).astype(np.int64))


class Network:
    """The state of one run: stock, what is on its way, what was asked for lately."""

    def __init__(self, setting: Setting, chance: Chance) -> None:
        skus, places = len(setting.lot), len(setting.usable)
        self.setting, self.chance = setting, chance
        self.past = np.zeros((len(chance.asked), skus, places), np.int64)
        for day in range(WARM_DAYS):
            for r, w in enumerate(setting.near[:, 0].tolist()):
                if w >= 0:
                    self.past[day, :, w] += chance.asked[day, r]
        self.stock = np.zeros((skus, places), np.int64)
        length = len(chance.asked) + 1
        self.supply = np.zeros((length, skus, places), np.int64)
        self.between = np.zeros((length, skus, places), np.int64)

    def recent(self, day: int) -> tuple[Floats, Floats]:
        """Give mean and variance of a day's demand at its first choice, over the last WARM_DAYS."""
        window = self.past[day - WARM_DAYS : day].astype(np.float64)
        mean = window.mean(axis=0)
        return mean, np.maximum(window.var(axis=0), mean)

    def levels(self, day: int) -> Ints:
        """Give the order-up-to levels: demand of lead time and review, and its safety."""
        s = self.setting
        mean, variance = self.recent(day)
        cover = s.supplier_days + s.review_days
        spread = np.sqrt(variance * cover + np.square(mean * s.supplier_deviation))
        up_to = mean * cover + s.service_z[:, None] * spread
        return np.where(s.usable, np.ceil(up_to), 0.0).astype(np.int64)

    def share_levels(self, day: int) -> Ints:
        """Give as many units in all, put where they are short less."""
        s = self.setting
        mean, variance = levels.estimate(self.past[day - WARM_DAYS : day].astype(np.float64))
        cover = s.supplier_days + s.review_days
        spread = variance * cover + np.square(mean * s.supplier_deviation)
        total = self.levels(day).sum(axis=1).astype(np.float64)
        return levels.share_out(mean * cover, spread, total, s.usable)

    def order(self, day: int, units: Ints) -> None:
        """Order from suppliers; comes after the seed's delay of that day."""
        delay = self.chance.supplier[day]
        for w in range(units.shape[1]):
            at = day + int(delay[w])
            if at < len(self.supply):
                self.supply[at, :, w] += units[:, w]


def run(setting: Setting, chance: Chance, policy: Policy, received: Ints | None = None) -> Told:
    """Play one run. `received` [days, S, W] is what came in of old, for `past`."""
    here = Network(setting, chance)
    here.stock[:] = here.share_levels(WARM_DAYS) if policy == "ours" else here.levels(WARM_DAYS)
    price = trucks.rate(setting.trucks, setting.km, setting.ml_per_g)
    total = len(chance.asked) - WARM_DAYS
    by_day = np.zeros(total, np.int64)
    asked = lost = moved = count = 0
    stock = move_fen = holding = short_fen = 0.0
    for n in range(total):
        day = WARM_DAYS + n
        here.stock += here.supply[day] + here.between[day]
        if policy == "past" and received is not None:
            here.stock += received[n]
        if n % setting.review_days == 0 and policy != "past":
            on_order = here.supply[day + 1 :].sum(axis=0) + here.between[day + 1 :].sum(axis=0)
            if policy == "naive":
                mean, _ = here.recent(day)
                wanted = np.where(setting.usable, np.rint(mean * setting.review_days), 0)
            else:
                level = here.share_levels(day) if policy == "ours" else here.levels(day)
                wanted = np.maximum(level - here.stock - on_order, 0)
            here.order(day, wanted.astype(np.int64))
        if n % MOVE_DAYS == 0 and policy == "ours":
            units, trucks_used, fen = move(here, day, price)
            moved, count, move_fen = moved + units, count + trucks_used, move_fen + fen
        missed = np.zeros(len(setting.lot), np.int64)
        today = chance.asked[day]
        lost += days.serve(here.stock, today, setting.near, here.past[day], missed)
        asked += int(today.sum())
        by_day[n] = missed.sum()
        short_fen += float((missed * setting.short_fen).sum())
        kept = here.stock + here.between[day + 1 :].sum(axis=0)
        stock += float(kept.sum())
        holding += float((kept.sum(axis=1) * setting.price_fen).sum()) * setting.holding_day
    return Told(
        asked, int(by_day.sum()), lost, stock / max(total, 1), moved, count, move_fen, holding,
        short_fen, by_day,
    )  # fmt: skip


def move(here: Network, day: int, price: Floats) -> tuple[int, int, float]:
    """Move stock where it pays; gives units, trucks and what they cost."""
    s = here.setting
    mean, variance = levels.estimate(here.past[day - WARM_DAYS : day].astype(np.float64))
    # An order of today comes late; what was ordered before comes on a day that is known.
    late = np.minimum(s.supplier_days + s.review_days, 28)
    supply = here.supply[day + 1 : day + 1 + int(late.max())].sum(axis=1)  # [days, W]
    soon = np.where((supply > 0).any(axis=0), (supply > 0).argmax(axis=0) + 1, late)
    soon = np.minimum(soon, late)
    between = here.between[day + 1 :].sum(axis=0)
    coming = np.zeros_like(here.stock)
    for w, until in enumerate(late.tolist()):
        coming[:, w] = here.supply[day + 1 : day + 1 + until, :, w].sum(axis=0)
    lane = s.usable[None, :] & s.usable[:, None] & ~np.eye(len(s.usable), dtype=bool)
    lead = np.where(lane, s.lead_days, 99).min(axis=0)
    handling = np.where(lane, s.handling_fen, flow.FAR)
    cost = handling[None] * s.lot.astype(np.float64)[:, None, None]
    lots = np.zeros((len(s.lot), *lane.shape), np.int32)
    load = fen = real = np.zeros(lane.shape)
    number = np.zeros(lane.shape, np.int64)
    weight = (s.lot * s.weight_g).astype(np.float64)
    asks = price
    for turn in range(ROUNDS):
        days.find_moves(
            mean, variance, here.stock + between, here.stock, coming, lead.astype(np.int64),
            soon.astype(np.int64), late.astype(np.int64), s.lot, s.short_fen, cost, asks, weight,
            lots,
        )  # fmt: skip
        load = np.einsum("s,sij->ij", weight, lots)
        fen, _, number = trucks.choose(s.trucks, s.km, load, s.ml_per_g)
        real = fen / np.maximum(load, 1.0)
        if turn < ROUNDS - 1:
            asks = np.where(load > 0, np.maximum(real, price), asks * 1.1)
    # What moved was worth what was asked; a lane whose trucks cost more in the end is given up.
    lots[:, (load > 0) & (real > 1.25 * asks)] = 0
    units = lots * s.lot[:, None, None]
    spent = np.where(lots.any(axis=0), fen + s.handling_fen * units.sum(axis=0), 0.0)
    for k in np.argsort(-real, axis=None).tolist():
        if spent.sum() <= s.budget_fen:
            break
        i, j = divmod(k, spent.shape[1])
        lots[:, i, j], spent[i, j] = 0, 0.0
    units = lots * s.lot[:, None, None]
    here.stock -= units.sum(axis=2)
    for days_ in np.unique(s.lead_days).tolist():
        at = day + max(int(days_), 1)
        if at < len(here.between):
            here.between[at] += (units * (s.lead_days == days_)).sum(axis=1)
    return int(units.sum()), int(number[lots.sum(axis=0) > 0].sum()), float(spent.sum())


class Interval(NamedTuple):
    """A mean over seeds and its 95 % interval (Student's t)."""

    low: float
    mean: float
    high: float


def interval(values: Sequence[float]) -> Interval:
    """Give the interval of a mean over independent seeds."""
    from scipy.special import stdtrit

    data = np.asarray(values, np.float64)
    mean, count = float(data.mean()), len(data)
    if count < 2:
        return Interval(mean, mean, mean)
    half = float(stdtrit(count - 1, 0.975)) * float(data.std(ddof=1)) / count**0.5
    return Interval(mean - half, mean, mean + half)


def compare(
    setting: Setting,
    recorded: Ints,
    seeds: Sequence[int],
    policies: Sequence[Policy],
    tell: Callable[[int], None],
    share: Floats | None = None,
    received: Ints | None = None,
) -> dict[Policy, list[Told]]:
    """Play every policy on every seed; `tell` hears how many runs are done."""
    found: dict[Policy, list[Told]] = {policy: [] for policy in policies}
    done = 0
    for seed in seeds:
        chance = draw(setting, recorded, seed, share)
        for policy in policies:
            found[policy].append(run(setting, chance, policy, received))
            done += 1
            tell(done)
    return found
