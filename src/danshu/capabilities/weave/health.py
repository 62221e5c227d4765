"""The twelve core metrics of the health board 能力健康度: what each is, and from where it is bad.

They are the table `data/health.yaml`, in the order in which they are always shown. Pure.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.weave.levels import Better, Thresholds
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

Unit = Literal["ms", "us", "s", "percent", "count"]


class Metric(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric: its code and names, unit, which way it is better, the seconds that a value is of
    (0: now), what it is to be, from where it is blue, yellow and red, the percent of events that
    are to be good (None: it has no budget), of how many samples a value must be to have a level,
    the page of the rows behind it. `shared`: of the installation.
    """

    code: str
    zh: str
    en: str
    unit: Unit
    better: Better
    window_s: int
    link: str
    target: float | None = None
    blue: float | None = None
    yellow: float | None = None
    red: float | None = None
    objective: float | None = None
    least: int = 0
    shared: bool = False

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds as shipped."""
        return Thresholds(blue=self.blue, yellow=self.yellow, red=self.red)

    @property
    def runbook(self) -> str:
        """The page of docs/how-to/runbooks that says what to do."""
        return self.code.replace("_", "-")


class Value(Struct, frozen=True, kw_only=True):
    """What a metric is now, None: nobody measured it. `culprit` names what is worst of it; `n` is
    of how many samples it is, None where that does not matter.
    """

    value: float | None = None
    n: int | None = None
    culprit: str = ""


@cache
def metrics() -> tuple[Metric, ...]:
    """Give the twelve, in their order."""
    import yaml

    raw = (resources.files("danshu") / "data" / "health.yaml").read_bytes()
    return tuple(msgspec.convert(yaml.safe_load(raw), list[Metric]))


@cache
def by_code() -> Mapping[str, Metric]:
    """Give the twelve by their codes."""
    return {m.code: m for m in metrics()}


def find(code: str) -> Metric:
    """Give a metric. Raises InputError `no_metric`."""
    found = by_code().get(code)
    if found is None:
        raise InputError("no_metric", "there is no such metric", "/metric")
    return found


def check(metric: Metric, limits: Thresholds) -> None:
    """See that thresholds get graver from blue to red. Raises InputError `bad_thresholds`."""
    told = [x for x in (limits.blue, limits.yellow, limits.red) if x is not None]
    if metric.better == "high":
        told.reverse()
    if told != sorted(told) or any(x < 0 for x in told):
        raise InputError("bad_thresholds", "blue, yellow, red are to get graver", "/blue")
    if metric.unit == "percent" and any(x > 100 for x in told):
        raise InputError("bad_thresholds", "a percentage is at most 100", "/blue")
