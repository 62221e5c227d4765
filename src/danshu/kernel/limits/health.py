"""Limits of the health board 能力健康度: how often it looks, what it keeps, what people set."""

from __future__ import annotations

from typing import Final

HEALTH_EVERY_S: Final = 10  # between two evaluations, and two flushes of a process
HEALTH_SAMPLE_MIN: Final = 120  # minutes that samples of processes are kept
HEALTH_MARK_MIN: Final = 120  # minutes that each minute's figures are kept
HEALTH_MARK_DAYS: Final = 4  # days that the figures of every tenth minute are kept
HEALTH_INCIDENT_DAYS: Final = 90
HEALTH_CELLS: Final = 30
HEALTH_CELL_MIN: Final = 2
HEALTH_SUBJECTS: Final = 500  # of one merchant that a process measures in one minute
HEALTH_WINDOWS: Final = 50  # maintenance windows of a merchant that have not ended
HEALTH_WINDOW_H: Final = 168  # hours of one
HEALTH_RAISE_LOOKS: Final = 2  # looks in a row before a colour gets graver
HEALTH_LOWER_LOOKS: Final = 6  # and before it gets milder
HEALTH_BURN_LEAST: Final = 20  # events in the long window, less than which burn nothing
METRICS_MERCHANTS: Final = 50  # merchants with series of their own at /metrics
