"""Injected faults: the load. Many orders that are right, and among them some that are wrong in one
known way; what must be found of them, and how what was found compares.

Orders come by channel and province, hour by hour of several weeks, as many as chance gives a usual
hour. In some hours of some channels and provinces far too many come, or none, or late: these are
the faults of volume and latency. `fault_run` plays it; the bench and the tests use the same.
"""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from danshu.capabilities.orders import facts
from danshu.capabilities.orders.model import Line
from danshu.capabilities.sentinel.drift import CAMPAIGNS
from danshu.capabilities.sentinel.model import BY_CODE, FIELD_CLASSES
from danshu.kernel import ids
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import DRIFT_WEEKS_MIN
from danshu.testing import fault_stories, merchant
from danshu.testing.fault_stories import COUNTED, FAULTS, NUMBERED, Story
from danshu.testing.lookalikes import LOOKALIKES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Connection = Any
Key = tuple[str, str]
HOUR_MS: Final = 3_600_000
WEEK_MS: Final = 7 * 24 * HOUR_MS
DRIFTS: Final = ("volume_drift", "latency_drift")
KINDS: Final = tuple(kind for kind in BY_CODE if kind not in FIELD_CLASSES)
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_CHANNELS: Final = (("taobao", 0.5), ("douyin", 0.3), ("jd", 0.2))
_DRIFT_SHARE: Final = 0.0125  # of all faults, each of the two
_FAULTY_ORDERS: Final = 60  # usual in an hour of a channel and province that is made to drift
_SURGE: Final = 3.0
_DELAY_MS: Final = 60_000.0
_LATE: Final = 4.0
_NUMBERED_SHARE: Final = 0.05
_SWAPPED_SHARE: Final = 0.02
_ALIKE_SHARE: Final = 0.1  # of the right orders, those that look as if they were wrong
_CHUNK: Final = 2_000
_FIRST: Final = 2  # of an hour are right: a wrong one may repeat the one before it
# A fee is known by its order: what reconciliation calls the difference is its own affair.
_READ: Final = """
select class, case when class='fee_deviation' then number else subject end from findings
where tenant=%s
"""


class Score(Struct, frozen=True, kw_only=True):
    """How one class did: faults, findings, and those that are both."""

    faults: int
    findings: int
    right: int

    @property
    def recall(self) -> float:
        """Of the faults, those found."""
        return self.right / self.faults if self.faults else 1.0

    @property
    def precision(self) -> float:
        """Of the findings, those that are faults."""
        return self.right / self.findings if self.findings else 1.0


def deal(wrong: int) -> dict[str, int]:
    """Share faults out: few hours that drift, for each is many orders; the rest evenly."""
    drifts = max(1, round(wrong * _DRIFT_SHARE))
    exact = [kind for kind in KINDS if kind not in DRIFTS]
    each, more = divmod(wrong - len(DRIFTS) * drifts, len(exact))
    return {
        **{kind: each + (n < more) for n, kind in enumerate(exact)},
        **dict.fromkeys(DRIFTS, drifts),
    }


def calm_hours(now_ms: int, count: int, weeks: int) -> list[int]:
    """Give the newest hours, epoch ms and in order, none of which in any of `weeks` weeks lies on a
    day of a campaign.
    """
    found: list[int] = []
    hour_ms = (now_ms // HOUR_MS - 24) * HOUR_MS
    while len(found) < count:
        days = [
            datetime.datetime.fromtimestamp((hour_ms - n * WEEK_MS) / 1000, _CHINA)
            for n in range(weeks)
        ]
        if not {(day.month, day.day) for day in days} & CAMPAIGNS:
            found.append(hour_ms)
        hour_ms -= HOUR_MS
    return found[::-1]


class Plan(Struct, frozen=True, kw_only=True):
    """When and where orders come: `hours` in order, epoch ms; `cells` (channel, region), and of
    each hour and cell how many; which hours are judged, and cells that are late in an hour.
    """

    hours: tuple[int, ...]
    judged: frozenset[int]
    cells: tuple[tuple[str, str], ...]
    counts: NDArray[np.int64]
    late: frozenset[tuple[int, int]]
    expected: frozenset[Key]


def plan(seed: int, now_ms: int, orders: int, drifts: Mapping[str, int]) -> Plan:
    """Lay out `orders` orders over channels, provinces and hours, and which of these drift."""
    rng = np.random.default_rng(seed)
    weeks = 7 if orders >= 20_000 else DRIFT_WEEKS_MIN + 1
    cells, shares = _cells(orders // (weeks * _FAULTY_ORDERS))
    count = max(1, orders // (weeks * len(cells) * 80))
    slots = calm_hours(now_ms, count, weeks)
    hours = [hour - n * WEEK_MS for n in reversed(range(weeks)) for hour in slots]
    judged = hours[DRIFT_WEEKS_MIN * count :]
    # hours are unlike one another, and so are weeks
    of_hour = np.tile(rng.uniform(0.8, 1.2, count), weeks) * np.repeat(
        rng.uniform(0.9, 1.1, weeks), count
    )
    chances = np.outer(of_hour, shares)
    chances /= chances.sum()
    many = sum(drifts[each] for each in DRIFTS)
    chosen = _choose(rng, chances * orders, len(hours) - len(judged), many)
    volume, late = chosen[: drifts["volume_drift"]], chosen[drifts["volume_drift"] :]
    for nth, at in enumerate(volume):
        chances[at] *= _SURGE if nth % 2 else 0.0
    counts = rng.multinomial(orders, (chances / chances.sum()).ravel()).reshape(chances.shape)
    expected = {
        (kind, f"{hours[hour]}/{cells[cell][0]}/{cells[cell][1][:2]}")
        for kind, of in zip(DRIFTS, (volume, late), strict=True)
        for hour, cell in of
    }
    return Plan(
        hours=tuple(hours),
        judged=frozenset(judged),
        cells=tuple(cells),
        counts=counts,
        late=frozenset(late),
        expected=frozenset(expected),
    )


def _cells(most: int) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
    """Give channels and provinces (by one region of theirs) with their shares, largest first."""
    people: dict[str, int] = defaultdict(int)
    places: dict[str, str] = {}
    for region in merchant.regions():
        if region.code.isdigit() and region.province:
            people[region.code[:2]] += merchant.demand()[region.code]
            places.setdefault(region.code[:2], region.code)
    found = sorted(
        (
            (share * people[province], channel, places[province])
            for channel, share in _CHANNELS
            for province in people
        ),
        reverse=True,
    )[: max(6, most)]
    shares = np.array([share for share, _, _ in found])
    return [(channel, region) for _, channel, region in found], shares / shares.sum()


def _choose(
    rng: np.random.Generator, usual: NDArray[np.float64], first: int, count: int
) -> list[tuple[int, int]]:
    """Choose hours and cells to drift, of the judged ones that usually have enough orders."""
    judged = usual[first:]
    largest = np.sort(judged.ravel())[-2 * count :]
    enough = min(float(_FAULTY_ORDERS), float(largest[0]))
    there = [(int(h) + first, int(c)) for h, c in np.argwhere(judged >= enough)]
    return [there[n] for n in rng.choice(len(there), count, replace=False)]


class Load:
    """Makes the orders of a plan, some of them wrong; remembers what must be found."""

    def __init__(self, seed: int, planned: Plan, wrong: Mapping[str, int]) -> None:
        self.plan: Final = planned
        self.expected: set[Key] = set(planned.expected)
        self.chance: Final = random.Random(seed)
        self.last: Story | None = None
        self._rng: Final = np.random.default_rng(seed)
        self._no = 0
        self._numbered = 0
        self._passed = 0  # a number that comes after the next one
        self._swap_until: Final = int(planned.counts.sum()) * 9 // 10  # else none might come next
        kinds = [kind for kind, n in wrong.items() for _ in range(n)]
        self.chance.shuffle(kinds)
        self._wrong = dict(zip(self._places(len(kinds)), kinds, strict=True))

    def _places(self, count: int) -> list[int]:
        """Choose which orders are wrong."""
        sizes = self.plan.counts.sum(axis=1)
        begins = np.cumsum(sizes) - sizes
        may = np.ones(int(sizes.sum()), dtype=bool)
        for nth in range(_FIRST):
            may[(begins + nth)[sizes > nth]] = False
        return [int(n) for n in self._rng.choice(np.flatnonzero(may), count, replace=False)]

    def make(self, hour: int) -> Iterator[list[Story]]:
        """Give the orders of the plan's hour of that index, in the order of time, in chunks."""
        cells = np.repeat(np.arange(len(self.plan.cells)), self.plan.counts[hour])
        self._rng.shuffle(cells)
        times = np.sort(self._rng.integers(0, HOUR_MS, len(cells))) + self.plan.hours[hour]
        late = np.array([(hour, int(cell)) in self.plan.late for cell in cells], dtype=bool)
        delays = self._rng.exponential(np.where(late, _LATE, 1.0) * _DELAY_MS)
        chunk: list[Story] = []
        for cell, at_ms, delay in zip(cells.tolist(), times.tolist(), delays.tolist(), strict=True):
            chunk.append(self._one(self.plan.cells[cell], at_ms, round(delay)))
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _one(self, cell: tuple[str, str], at_ms: int, delay_ms: int) -> Story:
        kind = self._wrong.get(self._no)
        story = self._order(cell, at_ms, delay_ms, may_count=kind is None)
        if kind is not None:
            self.expected.add((kind, FAULTS[kind](self, story)))
        elif self.last is not None and self.chance.random() < _ALIKE_SHARE:
            self.chance.choice(LOOKALIKES)(self, story)
        else:
            fault_stories.live(story, self.chance.randrange(6))
            self.last = story
        return story

    def _order(self, cell: tuple[str, str], at_ms: int, delay_ms: int, *, may_count: bool) -> Story:
        """Give an order that was placed and paid, whose amounts agree."""
        r = self.chance
        self._no += 1
        lines = []
        for no in range(1, r.randint(1, 3) + 1):
            price, quantity = r.randint(100, 20_000), r.randint(1, 4)
            lines.append(
                Line(
                    no=no,
                    sku=f"SKU-{r.randrange(2000):04d}",
                    quantity=quantity,
                    price=price,
                    paid=price * quantity,
                )
            )
        goods = sum(n.price * n.quantity for n in lines)
        placed = facts.OrderPlaced(
            buyer=f"buyer-{self._no}",
            channel=cell[0],
            created=rfc3339(at_ms - delay_ms),
            currency="CNY",
            discount=0,
            goods=goods,
            key=f"faults/{self._no}",
            lines=tuple(lines),
            number=f"F{self._no:010d}",
            postage=0,
            region=cell[1],
            shop="shop",
            total=goods,
        )
        if may_count and r.random() < _NUMBERED_SHARE:
            number = f"N{self.count():08d}"
            placed = replace(placed, channel=COUNTED, shop=NUMBERED, number=number)
        return Story(ids.uuid7(at_ms, r.randbytes(10)), placed, [], at_ms)

    def count(self) -> int:
        """Take the next number of the shop that counts its own; now and then two change places."""
        if self._passed:
            number, self._passed = self._passed, 0
            return number
        self._numbered += 1
        if self.chance.random() < _SWAPPED_SHARE and self._no < self._swap_until:
            self._passed = self._numbered
            self._numbered += 1
        return self._numbered


async def score(connection: Connection, tenant: int, expected: set[Key]) -> dict[str, Score]:
    """Compare what was found with what must be, by class."""
    found = {tuple(r) for r in await (await connection.execute(_READ, (tenant,))).fetchall()}
    return {
        kind: Score(
            faults=_count(expected, kind),
            findings=_count(found, kind),
            right=_count(found & expected, kind),
        )
        for kind in KINDS
    }


def _count(keys: Sequence[Key] | set[Any], kind: str) -> int:
    return sum(each == kind for each, _ in keys)
