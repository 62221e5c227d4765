"""What is forecast, and what a forecast is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

WEEK: Final = 7
HORIZON: Final = 28
"""Days that are forecast."""
ORIGINS: Final = 3
"""Moments in the past at which every method is tried before one is chosen."""
QUANTILES: Final = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
SUMS: Final = (7, 14, 28)
"""Spans in days for whose totals quantiles are calibrated too."""
Kind = Literal["smooth", "erratic", "intermittent", "lumpy", "new"]
KINDS: Final[tuple[Kind, ...]] = ("smooth", "erratic", "intermittent", "lumpy", "new")


class Panel(NamedTuple):
    """Series side by side. `units` (series x days) are units a day, `first_day` the ordinal of
    the first column; before `start` (a column, per series) nothing was sold ever, and that is no
    demand of zero. `group` numbers the place of each series; `factor` (series x days + HORIZON) is
    what holidays and promotions multiply demand by.
    """

    units: Floats
    start: Ints
    group: Ints
    first_day: int
    factor: Floats

    def until(self, day: int) -> Panel:
        """Give what was known before column `day`, with the factors of HORIZON days more."""
        return self._replace(units=self.units[:, :day], factor=self.factor[:, : day + HORIZON])

    def rows(self, chosen: Any) -> Panel:
        """Give some of the series."""
        return self._replace(
            units=self.units[chosen],
            start=self.start[chosen],
            group=self.group[chosen],
            factor=self.factor[chosen],
        )


class Tried(Struct, frozen=True, kw_only=True):
    """How a method did on a series at the past origins, against values it had not seen: errors
    in thousandths of those of the naive (yesterday a week ago), of means (`rmsse`) and absolute
    (`mase`).
    """

    method: str
    rmsse: int
    mase: int


class Chosen(Struct, frozen=True, kw_only=True):
    """What a series is forecast by: a method or the `mean` of several, and who was tried."""

    kind: Kind
    methods: tuple[str, ...]
    tried: tuple[Tried, ...]
    similar: tuple[str, ...] = ()
    """SKUs whose level and shape a new one borrows."""


class Score(Struct, frozen=True, kw_only=True):
    """Figures over many series: `mase` of the median, `mase_mean` of the mean, `rmsse` of the mean,
    `pinball` scaled as MASE is; which share of values the 80 % and 95 % interval cover, of a mass
    at one value that part which lies within (scores.covered), and how many lay inside, ends
    counted. `series` were counted.
    """

    name: str
    series: int = 0
    mase: float = 0.0
    mase_mean: float = 0.0
    rmsse: float = 0.0
    pinball: float = 0.0
    coverage_80: float = 0.0
    coverage_95: float = 0.0
    inside_80: float = 0.0
    inside_95: float = 0.0
