"""Limits of parcels: splits, merges, intercepts, and the rules for them."""

from __future__ import annotations

from typing import Final

SPLIT_PARTS: Final = 50
MERGE_MEMBERS: Final = 20
MERGE_WEIGHT_G: Final = 30_000
MERGE_UNITS: Final = 200
MERGE_GROUPS: Final = 500
MERGE_WAIT_MAX_MIN: Final = 1_440
MERGE_LEAD_MS: Final = 14_400_000
RELEASE_AGAIN_MS: Final = 60_000
PARCEL_RULES: Final = 50
INTERCEPT_FLOOR_MS: Final = 1_800_000
INTERCEPT_CARRIER_MS: Final = 7_200_000
CARRIER_DESKS: Final = 50
INTERCEPT_TIMEOUT_S: Final = 10
INTERCEPT_BYTES: Final = 65_536
INTERCEPT_RETRY_S: Final = 60
INTERCEPT_RETRY_MAX_S: Final = 900
INTERCEPTS_AT_ONCE: Final = 20
