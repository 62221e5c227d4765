"""Limits of bundles, gift rules and announced goods."""

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
