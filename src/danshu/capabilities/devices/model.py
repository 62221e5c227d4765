"""Data of devices: normal states by speed, and how a wave stands against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

LEARNING, NORMAL, WATCH, ABNORMAL = "learning", "normal", "watch", "abnormal"
GRADES: Final = {ABNORMAL: 0, WATCH: 1, LEARNING: 2, NORMAL: 3}
"""The order in which devices are listed: who needs somebody comes first."""

ZONES: Final[dict[str, tuple[float, float, float]]] = {
    "group_1_rigid": (2.3, 4.5, 7.1),
    "group_1_flexible": (3.5, 7.1, 11.0),
    "group_2_rigid": (1.4, 2.8, 4.5),
    "group_2_flexible": (2.3, 4.5, 7.1),
    "small": (0.71, 1.8, 4.5),
    "medium": (1.12, 2.8, 7.1),
}
"""Boundaries A/B, B/C, C/D of velocity in mm/s RMS, 10 to 1,000 Hz, by the class of machine that
the owner declares: groups of ISO 20816-3:2022 annex A; small and medium of ISO 10816-1 annex B."""


class Norm(Struct, frozen=True, kw_only=True):
    """A figure in the normal state: median, and 1.4826 of the median deviation from it."""

    median: float
    spread: float


class State(Struct, frozen=True, kw_only=True):
    """The normal state at one range of speeds, out of `waves` waves."""

    waves: int
    norms: Mapping[str, Norm]


class Baseline(Struct, frozen=True, kw_only=True):
    """Normal states by range of speed, counted from `rpm` by `baseline.bin_of` (as keys of JSON
    are text).
    """

    rpm: float = 0.0
    states: Mapping[str, State] = {}

    @property
    def waves(self) -> int:
        """How many waves all of it was made of."""
        return sum(state.waves for state in self.states.values())


class Finding(Struct, frozen=True, kw_only=True):
    """How a wave stands: `state`, `symptoms` as codes of the intent graph, `faults` by how far each
    comb is beyond its limit (1 = at it), `zone` A to D of ISO 20816 or "".

    `confidence` is thousandths that it is no false alarm, never more than the normal waves judged
    so far can bear out; `reasons` are codes.
    """

    state: str
    symptoms: tuple[str, ...] = ()
    faults: Mapping[str, float] = {}
    zone: str = ""
    confidence: int = 0
    reasons: tuple[str, ...] = ()
    needs_person: bool = False
