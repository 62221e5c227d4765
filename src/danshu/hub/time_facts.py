"""What a merchant's book says about the clock that its facts were recorded by."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("clock.faulted")
class ClockFaulted(Struct, frozen=True, kw_only=True):
    """时钟故障: from here on the recorded times are not trusted; acts of grade A wait for a token.

    `why`: error (the bound is too large), silent (no source answers), disagree, unsynchronised (the
    sources say that they do not know) or step (the clock jumped). `node` is a digest of the
    machine's name; `offset_us` source minus clock, `error_us` the bound as known last.
    """

    error_us: int
    node: str
    offset_us: int
    source: str
    why: str


@fact_type("clock.restored")
class ClockRestored(Struct, frozen=True, kw_only=True):
    """时钟恢复: sources agree again that the clock is right within `error_us`."""

    error_us: int
    node: str
    offset_us: int
    source: str
