"""Limits of what people call things."""

from __future__ import annotations

from typing import Final

# Rows of each kind of names of a merchant (directory, options, units, aliases); allergens that an
# option names; units that a measure word may stand for
NAMES: Final = 100_000
ALLERGENS: Final = 14
UNITS_OF_UNIT: Final = 100_000
