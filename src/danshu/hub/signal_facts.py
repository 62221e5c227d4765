"""What the hub says of its signals: a source taken out of service, a day of readings put away."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("signal.retired")
class SignalRetired(Struct, frozen=True, kw_only=True):
    """信号源停用: a silence of this source makes nothing stale any more, until it speaks again.

    `key` is the variable, `subject` what it spoke about, `source` its name.
    """

    key: str
    source: str
    subject: str


@fact_type("signal_feed.changed")
class SignalFeedChanged(Struct, frozen=True, kw_only=True):
    """信号接入变更: a feed was connected or disconnected (`state`); never its key or secret.

    It is asked about `place` every `every_s` seconds, 0 = it tells by itself.
    """

    every_s: int
    feed: str
    name: str
    place: str
    state: str


@fact_type("signals.archived")
class SignalsArchived(Struct, frozen=True, kw_only=True):
    """读数归档: the readings of one UTC day lie in one Parquet file of this SHA-256 (hex)."""

    day: str
    digest: str
    rows: int
