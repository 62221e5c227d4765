"""Port `clock`: how far this machine's clock is from time sources, and how sure they are.

An adapter is one file with one class, reached by the entry point group `danshu.clock`.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

UNSYNCHRONISED = 16
"""The stratum of a server that does not know the time (RFC 5905 §7.3)."""


class Reading(Struct, frozen=True, kw_only=True):
    """What one source said, in microseconds. `offset_us`: source minus this clock, so positive
    when this clock is slow. `delay_us` is the whole way to the reference clock and back,
    `dispersion_us` what may be added on it (RFC 5905 §11.2). `trouble` "" = it answered; else
    silent, unreadable or unsynchronised, and the figures mean nothing.
    """

    source: str
    stratum: int = UNSYNCHRONISED
    offset_us: int = 0
    delay_us: int = 0
    dispersion_us: int = 0
    trouble: str = ""

    @property
    def distance_us(self) -> int:
        """The root distance: how far the source's own answer may be off."""
        return self.delay_us // 2 + self.dispersion_us

    @property
    def error_us(self) -> int:
        """How far this clock may be off, if the source is true."""
        return abs(self.offset_us) + self.distance_us


class Clock(Protocol):
    """A way to ask for the time."""

    name: str
    title: str
    disciplines: bool  # it steers this machine's clock and has compared its sources already

    def read(self, servers: tuple[str, ...], timeout_s: float) -> tuple[Reading, ...]:
        """Ask every source, one reading each; blocks for about `timeout_s` at most.

        `servers` are names or `host:port`. () when this way does not exist on this machine. A
        source that fails is a reading with its trouble, never an exception.
        """
        ...
