"""The physics of one cold zone, learned from its own warm-ups and pull-downs.

Only where the unit's cooling is known does a temperature tell of the zone: while the unit is off it
is none (a warm-up: a defrost, a failure), and while it brings the zone back down it is all that its
power allows (a pull-down). What a thermostat does in between is not known, and is left out. The
outside temperature stays as it was declared: over a few degrees it can't be told from `tau_min`.

Warm-ups and pull-downs are simulated with the model that forecasts (thermal.py), from a beginning
of its own each, and the figures are those with the least squares of what is left, within BOUNDS.
The newest third is held out: there what was learned is compared with what was in force.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.twin.floor import Physics
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ZONE_EPISODES_LEAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# What a room for goods can be: half an hour to a fortnight; a wide open door; a strong unit.
BOUNDS: Final = {"tau_min": (30.0, 20_000.0), "door_factor": (0.0, 40.0)}
FULL_TIMES: Final = (0.2, 8.0)  # of the cooling that just holds the zone where it stands
HELD_OUT: Final = 1 / 3
DOOR_SUPPORT: Final = 0.05  # shares of time that the door must have differed by
LEAST_GAIN: Final = 0.1
NEVER_MIN: Final = 2_880.0  # of a warm-up that the model never sees arrive
LEAST_RISE_C: Final = 0.5
OFF: Final = "off"
DOWN: Final = "down"


class Episode(NamedTuple):
    """A warm-up (OFF) or a pull-down (DOWN): minutes from its beginning, °C, what the unit could
    give, the share of time that the door was open. All are [n], n >= 2.
    """

    kind: str
    at_ms: int
    minutes: Floats
    value_c: Floats
    power: Floats
    door: Floats


class ZoneMarks(Struct, frozen=True, kw_only=True):
    """How physics do on episodes held out: mean |error| of when a warm-up comes to where it came,
    minutes (-1: no warm-up was held out), and of the temperature, root mean square, 0.001 °C.
    """

    error_min: float
    rms_mc: int


class ZoneLesson(Struct, frozen=True, kw_only=True):
    """What was learned of a zone beside what was in force, both on the episodes held out.

    `passed`: warm-ups are foreseen better by a tenth, temperatures not worse, and no figure lies at
    its bound. `learned` names the figures that the episodes told of.
    """

    physics: Physics
    against: Physics
    learned: tuple[str, ...]
    warm_ups: int
    pull_downs: int
    held_out: int
    before: ZoneMarks
    after: ZoneMarks
    at_bound: tuple[str, ...]
    passed: bool


def simulate(physics: Physics, episode: Episode, start_c: float) -> Floats:
    """Give the temperature [n] of an episode that begins at `start_c`, as thermal.py sees it."""
    goal, left = _steps(physics, episode)
    out = np.empty(len(goal))
    out[0] = now_c = start_c
    for n, (toward, share) in enumerate(zip(goal.tolist(), left.tolist(), strict=False), 1):
        now_c = toward + (now_c - toward) * share
        out[n] = now_c
    return out


def _steps(physics: Physics, episode: Episode) -> tuple[Floats, Floats]:
    """Give where each minute tends to [n], and the share of the way left at the next [n-1]."""
    pull = (1.0 + physics.door_factor * episode.door) / physics.tau_min
    cooling = physics.full_c_min * episode.power if episode.kind == DOWN else 0.0 * pull
    return physics.ambient_c - cooling / pull, np.exp(-np.diff(episode.minutes) * pull[:-1])


def _residuals(physics: Physics, episode: Episode) -> Floats:
    """Give what is left [n] of the temperatures from the beginning that suits them best: the
    temperature is linear in it.
    """
    fixed = simulate(physics, episode, 0.0) - episode.value_c
    share = np.concatenate([[1.0], np.cumprod(_steps(physics, episode)[1])])
    return np.asarray(fixed - share * (fixed @ share) / (share @ share), np.float64)


def learn(episodes: Sequence[Episode], against: Physics) -> ZoneLesson:
    """Learn from the older episodes, compare on the newest third.

    Raises InputError `too_few_episodes` where fewer than ZONE_EPISODES_LEAST are warm-ups.
    """
    ordered = sorted(episodes, key=lambda each: each.at_ms)
    warm_ups = [each for each in ordered if each.kind == OFF]
    if len(warm_ups) < ZONE_EPISODES_LEAST:
        raise InputError("too_few_episodes", f"{len(warm_ups)} warm-ups tell too little")
    # the third of the warm-ups, and what came after the first of these
    since = warm_ups[-max(1, round(len(warm_ups) * HELD_OUT))].at_ms
    old = [each for each in ordered if each.at_ms < since]
    new = [each for each in ordered if each.at_ms >= since]
    physics, learned, at_bound = _fit(old, against)
    before, after = mark(new, against), mark(new, physics)
    is_better = 0 <= after.error_min <= before.error_min * (1 - LEAST_GAIN)
    return ZoneLesson(
        physics=physics,
        against=against,
        learned=learned,
        warm_ups=len(warm_ups),
        pull_downs=len(ordered) - len(warm_ups),
        held_out=len(new),
        before=before,
        after=after,
        at_bound=at_bound,
        passed=is_better and after.rms_mc <= before.rms_mc and not at_bound,
    )


def mark(episodes: Sequence[Episode], physics: Physics) -> ZoneMarks:
    """Measure how well physics foresee episodes from their first temperature."""
    errors, squares, points = [], 0.0, 0
    for each in episodes:
        told = smooth(each.value_c)
        seen = simulate(physics, each, float(told[0]))
        squares += float(((seen - each.value_c) ** 2).sum())
        points += len(seen)
        if each.kind == OFF and told[-1] - told[0] >= LEAST_RISE_C:
            errors.append(abs(_arrive(physics, each, told) - float(each.minutes[-1])))
    return ZoneMarks(
        error_min=round(sum(errors) / len(errors), 1) if errors else -1.0,
        rms_mc=round(1000 * (squares / points) ** 0.5) if points else 0,
    )


def _arrive(physics: Physics, episode: Episode, told: Floats) -> float:
    """Minutes until a warm-up comes to its last temperature, if it goes on as it went."""
    seen = simulate(physics, episode, float(told[0]))
    goal_c = float(told[-1])
    over = np.flatnonzero(seen >= goal_c)
    if len(over):
        n = int(over[0])
        if n == 0:
            return 0.0
        share = (goal_c - seen[n - 1]) / max(float(seen[n] - seen[n - 1]), 1e-9)
        return float(episode.minutes[n - 1] + share * (episode.minutes[n] - episode.minutes[n - 1]))
    room = physics.ambient_c - float(seen[-1])
    if physics.ambient_c <= goal_c or room <= 0:
        return NEVER_MIN
    pull = (1.0 + physics.door_factor * float(episode.door[-1])) / physics.tau_min
    more = float(np.log(room / (physics.ambient_c - goal_c))) / pull
    return min(float(episode.minutes[-1]) + more, NEVER_MIN)


def smooth(values: Floats) -> Floats:
    """Give the running median of five: one probe's hiccup is no beginning and no end."""
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


def _fit(
    episodes: Sequence[Episode], against: Physics
) -> tuple[Physics, tuple[str, ...], tuple[str, ...]]:
    """Give the figures with the least squares, which were learned, and which lie at a bound."""
    doors = np.concatenate([each.door for each in episodes])
    downs = [each for each in episodes if each.kind == DOWN]
    holds_c = float(np.median([smooth(each.value_c)[0] for each in episodes if each.kind == OFF]))
    bounds = [tuple(np.log(BOUNDS["tau_min"]))]
    start = [np.log(against.tau_min)]
    learned = ["tau_min"]
    if doors.max() - doors.min() >= DOOR_SUPPORT:
        learned.append("door_factor")
        bounds.append(BOUNDS["door_factor"])
        start.append(against.door_factor)
    if downs:
        learned.append("reach_c")
        bounds.append(tuple(np.log(FULL_TIMES)))
        start.append(np.log((against.ambient_c - against.reach_c) / _lift(against, holds_c)))
    lower, upper = (np.array(edges, np.float64) for edges in zip(*bounds, strict=True))

    def physics_at(x: Floats) -> Physics:
        told = dict(zip(learned, x.tolist(), strict=True))
        reach = against.reach_c
        if "reach_c" in told:
            reach = against.ambient_c - np.exp(told["reach_c"]) * _lift(against, holds_c)
        return Physics(
            tau_min=float(np.exp(told["tau_min"])),
            ambient_c=against.ambient_c,
            reach_c=float(reach),
            door_factor=told.get("door_factor", against.door_factor),
        )

    def left(x: Floats) -> Floats:
        physics = physics_at(x)
        return np.concatenate([_residuals(physics, each) for each in episodes])

    optimize: Any = import_module("scipy.optimize")
    found = optimize.least_squares(
        left,
        np.clip(start, lower, upper),
        bounds=(lower, upper),
        loss="soft_l1",
        f_scale=0.3,  # °C
        x_scale="jac",
        max_nfev=200,
    )
    x = np.asarray(found.x, np.float64)
    close = [abs(x[n] - edge) < 1e-3 for n in range(len(learned)) for edge in bounds[n]]
    at_bound = tuple(name for n, name in enumerate(learned) if any(close[2 * n : 2 * n + 2]))
    return _rounded(physics_at(x)), tuple(learned), at_bound


def _lift(physics: Physics, holds_c: float) -> float:
    """Degrees that the unit holds the zone under the outside, at least one."""
    return max(physics.ambient_c - holds_c, 1.0)


def _rounded(physics: Physics) -> Physics:
    """Give the figures as they are declared: whole minutes, tenths and hundredths."""
    return replace(
        physics,
        tau_min=float(round(physics.tau_min)),
        reach_c=round(physics.reach_c, 1),
        door_factor=round(physics.door_factor, 2),
    )
