"""Limits of bundles, gift rules and announced goods, and of intercept rules."""

from __future__ import annotations

from typing import Final

# Of one merchant: bundles, rules of gifts, announced goods; components of a bundle, its units and
# shares; goods and channels that a rule names
BUNDLES: Final = 20_000
BUNDLE_PARTS: Final = 20
BUNDLE_UNITS: Final = 10_000
BUNDLE_SHARE: Final = 10**9
GIFT_RULES: Final = 200
GIFT_SKUS: Final = 500
GIFT_CHANNELS: Final = 50
GIFT_UNITS: Final = 1_000
PREORDERS: Final = 5_000

# Intercept rules: lines of a SKU and orders of a merchant that usual prices are of; entries of the
# lists; days of one trial; orders let go at once
INTERCEPT_USUAL_LINES: Final = 200
INTERCEPT_USUAL_ORDERS: Final = 20_000
INTERCEPT_BLOCKS: Final = 50_000
INTERCEPT_TRIAL_DAYS: Final = 31
INTERCEPT_RELEASES: Final = 100
