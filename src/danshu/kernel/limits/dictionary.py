"""Limits of the data dictionary."""

from __future__ import annotations

from typing import Final

# Systems that may say something of a merchant's master data, beside the hub; rows told of at once
DICTIONARY_SOURCES: Final = 32
DICTIONARY_ROWS: Final = 5_000
