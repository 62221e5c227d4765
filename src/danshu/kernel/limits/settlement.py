"""Limits of settlement: the journal and its periods."""

from __future__ import annotations

from typing import Final

JOURNAL_POSTINGS: Final = 500
JOURNAL_ENTRIES: Final = 50_000
JOURNAL_LEAVES: Final = 16_384
JOURNAL_DAYS: Final = 400
SUSPENSE_FEN: Final = 0
ACCOUNT_NAMES: Final = 100
