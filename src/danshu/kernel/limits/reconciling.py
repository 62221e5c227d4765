"""Limits of bills and their reconciliation 对账."""

from __future__ import annotations

from typing import Final

# A table: what is kept of its lines that are no rows
TABLE_REMARKS: Final = 200

# A bill: words of its rows that are kept, an upload by HTTP (larger files by the command), lines
# written in one piece, rows that are left out with their reasons
BILL_WORD_CHARS: Final = 64
BILL_NOTE_CHARS: Final = 200
BILL_BYTES: Final = 67_108_864
BILL_CHUNK: Final = 10_000
BILL_REJECTS: Final = 100_000
