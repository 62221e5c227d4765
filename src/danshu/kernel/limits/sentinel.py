"""Limits of the sentinel 哨兵: what detectors keep, how long they wait, and what a page shows."""

from __future__ import annotations

from typing import Final

SENTINEL_LEAVES: Final = 16_384  # a batch
SENTINEL_SCAN_LINES: Final = 512  # of an order that is judged without decoding it
SENTINEL_LIVES: Final = 10_000  # orders kept in memory, a merchant
SENTINEL_PRINTS: Final = 200_000  # orders that a new one may be a duplicate of, at least
SENTINEL_PRINTS_MAX: Final = 4_000_000  # and at most, a merchant
SENTINEL_DUPLICATE_S: Final = 600
SENTINEL_SKEW_MS: Final = 60_000
SENTINEL_LOOK_S: Final = 5
SENTINEL_STUCK_PERCENT: Final = 80
SENTINEL_STUCK_ROWS: Final = 1_000
SENTINEL_STUCK_S: Final = 60  # between two looks
SENTINEL_GAP_NUMBERS: Final = 1_000
SENTINEL_GAP_S: Final = 5
DRIFT_WEEKS: Final = 6
DRIFT_WEEKS_MIN: Final = 3
DRIFT_SCORE: Final = 6.0
DRIFT_ORDERS: Final = 30
SENTINEL_CAUSE_S: Final = 900
SENTINEL_CHANGE_DAYS: Final = 90
FINDING_DAYS: Final = 90
FINDINGS_AT_ONCE: Final = 200
INCIDENT_ROWS: Final = 100
PULL_DOUBTS: Final = 500  # orders not listed that are asked for by number, a window
PULL_EVERY_S_MIN: Final = 2
PULL_TIMEOUT_S: Final = 10
PULL_BODY_BYTES: Final = 8_388_608
PULL_RETRY_S: Final = 30
PULL_PAGES: Final = 200
PULL_LOOK_BACK_S: Final = 1_800
PULL_GRACE_S: Final = 5
PULL_LATE_S: Final = 1_200
PULL_SHOPS: Final = 200
PULL_WINDOW_DAYS: Final = 30
PULL_GAPS: Final = 200
SCANS_AT_ONCE: Final = 1_000
