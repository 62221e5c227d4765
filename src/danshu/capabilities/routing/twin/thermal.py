"""How a cold zone's temperature goes on: a body of first order, fitted to its last half hour.

dT/dt = (ambient - T)(1 + k d)/tau - c. Of the right side everything is declared (floor.Physics) or
told (door d) but the cooling c. Where the fitted trend is significant, c is what explains it; where
it is not, a unit that can hold the zone is taken to hold it, and one that cannot works as hard as
its health allows. So the twin has an opinion also where the sensors are silent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.twin.floor import Physics

FIT_MIN: Final = 30  # minutes that the trend is fitted over
FIT_POINTS: Final = 6
FIT_SPAN_MIN: Final = 10.0
LEAST_SD_C: Final = 0.05  # what no probe is better than
SIGNIFICANT: Final = 3.0  # standard deviations of a trend that is one
TREND_C_MIN: Final = 0.005  # and below it, 0.3 °C an hour, it is the thermostat's
STRONGER: Final = 1.2  # a unit may be better than its plate says, by so much
FOREVER_H: Final = math.inf


class Fit(NamedTuple):
    """A straight line through a zone's readings: where it is now, °C, and its trend, °C a minute,
    each with its standard deviation; `mean_c` is where it was `mean_min` ago, in their middle.
    """

    mean_c: float
    mean_min: float
    level_c: float
    level_sd_c: float
    slope_c_min: float
    slope_sd_c_min: float
    points: int

    @property
    def is_trend(self) -> bool:
        """Tell whether the temperature really moves."""
        slope = abs(self.slope_c_min)
        return slope > SIGNIFICANT * self.slope_sd_c_min and slope > TREND_C_MIN


class Forecast(NamedTuple):
    """What a zone comes to: from `now_c` towards `goal_c`, e-fold in `tau_min`.

    `hours` until it leaves its band, `soonest_h` and `latest_h` one standard deviation to either
    side; inf = never, 0 = it has left. `is_measured`: the trend is the sensors', not the model's.
    """

    now_c: float
    goal_c: float
    goal_sd_c: float
    tau_min: float
    hours: float
    soonest_h: float
    latest_h: float
    is_measured: bool

    def at(self, minutes: float) -> tuple[float, float, float]:
        """Give the temperature so many minutes from now: low, middle, high, °C."""
        left = math.exp(-minutes / self.tau_min)

        def towards(goal: float) -> float:
            return goal + (self.now_c - goal) * left

        spread = self.goal_sd_c
        return (
            towards(self.goal_c - spread),
            towards(self.goal_c),
            towards(self.goal_c + spread),
        )


def fit_trend(series: Sequence[tuple[float, float]]) -> Fit | None:
    """Fit (minute, °C), minute 0 being now and the past below it; None when it is too little."""
    points = [(x, y) for x, y in series if -FIT_MIN <= x <= 0]
    if len(points) < FIT_POINTS:
        return None
    if max(x for x, _ in points) - min(x for x, _ in points) < FIT_SPAN_MIN:
        return None
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    sd = max(math.sqrt(left / (count - 2)), LEAST_SD_C)
    slope_sd = sd / math.sqrt(spread)
    return Fit(
        mean_c=mean_y,
        mean_min=-mean_x,
        level_c=mean_y - slope * mean_x,
        level_sd_c=sd * math.sqrt(1 / count + mean_x**2 / spread),
        slope_c_min=slope,
        slope_sd_c_min=slope_sd,
        points=count,
    )


def forecast(
    physics: Physics,
    band: tuple[float, float],
    now_c: float,
    fit: Fit | None,
    power: float = 1.0,
    door: float = 0.0,
) -> Forecast:
    """Say when a zone at `now_c` leaves its band.

    `power` is what its units can give of their full power, 0 to 1; `door` the share of the last
    minutes that its door was open.
    """
    tau = physics.tau_min / (1 + physics.door_factor * min(max(door, 0.0), 1.0))
    gain = (physics.ambient_c - now_c) / tau
    most = physics.full_c_min * min(max(power, 0.0), 1.0)
    spread = 0.0
    is_measured = fit is not None and fit.is_trend
    if fit is not None and is_measured:
        # the line's slope is the curve's in the middle of the half hour, not at its end
        gain = (physics.ambient_c - fit.mean_c) / tau
        cooling = min(max(gain - fit.slope_c_min, 0.0), STRONGER * physics.full_c_min)
        spread = fit.slope_sd_c_min * tau
        goal = physics.ambient_c - cooling * tau
        now_c = goal + (fit.mean_c - goal) * math.exp(-fit.mean_min / tau)
    else:
        cooling = min(most, gain)
        if fit is not None and most < gain:
            spread = fit.slope_sd_c_min * tau
    goal = physics.ambient_c - cooling * tau
    edges = [_leave(now_c, goal + d * spread, tau, band) for d in (-1.0, 0.0, 1.0)]
    return Forecast(
        now_c=now_c,
        goal_c=goal,
        goal_sd_c=spread,
        tau_min=tau,
        hours=edges[1],
        soonest_h=min(edges),
        latest_h=max(edges),
        is_measured=is_measured,
    )


def _leave(now_c: float, goal_c: float, tau_min: float, band: tuple[float, float]) -> float:
    """Hours until a zone on its way to `goal_c` crosses an edge of its band."""
    low, high = band
    if not low <= now_c <= high:
        return 0.0
    edge = high if goal_c > high else low if goal_c < low else None
    if edge is None:
        return FOREVER_H
    share = (goal_c - edge) / (goal_c - now_c)  # > 0: both are on the band's side of the goal
    return -tau_min * math.log(share) / 60


def fastest_c_min(physics: Physics, now_c: float) -> float:
    """Give the fastest that a zone can warm or cool: door wide open and no cooling, or full power.

    A sensor that runs faster tells of itself, not of the zone.
    """
    warm = abs(physics.ambient_c - now_c) * (1 + physics.door_factor) / physics.tau_min
    cool = STRONGER * physics.full_c_min
    return max(warm, cool)
