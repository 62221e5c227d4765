"""Examples of the fact types of signals."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import signal_facts as signals

EXAMPLES: list[Struct] = [
    signals.SignalRetired(key="zone_temp", source="bms/probe-17", subject="zn:WH-HGH/chilled/s1"),
    signals.SignalFeedChanged(
        every_s=300, feed="qweather", name="alerts-hgh", place="ad:330100", state="connected"
    ),
    signals.SignalsArchived(day="2026-11-21", digest="a7" * 32, rows=8_640_000),
]
