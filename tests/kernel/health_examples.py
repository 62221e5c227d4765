"""Examples of the fact types of the health board."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import health_facts as health

EXAMPLES: list[Struct] = [
    health.HealthIncidentChanged(
        culprit="报关 · 甲",
        level="red",
        metric="connector_availability",
        state="open",
        value="94.7",
    ),
    health.HealthWindowChanged(
        begins="2026-11-22T18:00:00.000Z",
        ends="2026-11-22T20:00:00.000Z",
        reason="报关行升级",
        scope="connector_availability",
        state="set",
    ),
    health.HealthThresholdsChanged(blue="1", metric="seal_lag", own=True, red="30", yellow="3.5"),
]
