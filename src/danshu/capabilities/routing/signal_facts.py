"""What the hub says of its signals: a source taken out of service, a day of readings put away."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("signal.retired")
class SignalRetired(Struct, frozen=True, kw_only=True):
    """A source no longer counts: a silence of it makes nothing stale. If it speaks again, it does.

    `key` is the variable, `subject` what it spoke about, `source` its name.
    """

    key: str
    subject: str
    source: str


@fact_type("signals.archived")
class SignalsArchived(Struct, frozen=True, kw_only=True):
    """The readings of one UTC day lie in one Parquet file; `digest` is its SHA-256, hex."""

    day: str
    digest: str
    rows: int
