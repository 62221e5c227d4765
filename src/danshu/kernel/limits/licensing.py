"""Limits of rights, licences, valuations, the clean room."""

from __future__ import annotations

from typing import Final

# Contracts and digests of documents of one entry of the rights register
RIGHT_EVIDENCE: Final = 32
# Licences of a merchant; columns of one; days that it runs; rows and queries of a day
LICENCES: Final = 10_000
LICENCE_COLUMNS: Final = 64
LICENCE_DAYS: Final = 3_660
LICENCE_ROWS_DAY: Final = 10_000_000
LICENCE_QUERIES_DAY: Final = 10_000
# Clean room: the smallest group that may be told; groups of an answer; filters of a question; keys
# that a partner brings; characters of a question in SQL
CLEAN_ROOM_GROUP_MIN: Final = 5
CLEAN_ROOM_GROUPS: Final = 10_000
CLEAN_ROOM_FILTERS: Final = 16
CLEAN_ROOM_KEYS: Final = 20_000
CLEAN_ROOM_CHARS: Final = 2_000
# Entries of the cost ledger of an asset; valuations of it; draws of a valuation; comparables
COST_ENTRIES: Final = 10_000
VALUATIONS: Final = 1_000
VALUATION_DRAWS: Final = 20_000
COMPARABLES: Final = 32
VALUATION_YEARS: Final = 30
# Data exchanges of a merchant; bytes of a listing package, of an answer; rows of its sample
EXCHANGES: Final = 16
LISTING_BYTES: Final = 16 << 20
EXCHANGE_ANSWER_BYTES: Final = 1 << 20
LISTING_SAMPLE_ROWS: Final = 100
