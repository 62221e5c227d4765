"""Limits of bills and their reconciliation 对账."""

from __future__ import annotations

from typing import Final

# A table: what is kept of its lines that are no rows
TABLE_REMARKS: Final = 200

# A bill: words of its rows that are kept, an upload by HTTP (larger files by the command), lines
# written in one piece, rows that are left out with their reasons, lines posted in one piece
BILL_WORD_CHARS: Final = 64
BILL_NOTE_CHARS: Final = 200
BILL_BYTES: Final = 67_108_864
BILL_CHUNK: Final = 10_000
BILL_REJECTS: Final = 100_000
BILL_POSTED: Final = 20_000

# Bills that are due: how far back they are asked for, rules of a merchant
BILL_DUE_DAYS: Final = 120
RECONCILE_BILLS: Final = 20

# A run: memory of the join, threads, money without a key that is looked at, pieces of a sum and
# steps to find it, what it is asked for
RECONCILE_MEMORY_MB: Final = 768
RECONCILE_THREADS: Final = 2
RECONCILE_KEYLESS: Final = 200_000
RECONCILE_NEAR: Final = 32
RECONCILE_PIECES: Final = 8
RECONCILE_STEPS: Final = 20_000
RECONCILE_CAUSE_CHARS: Final = 200
RECONCILE_RATES: Final = 200

# A run that begins by itself: how long no further bill must have come
RECONCILE_REST_S: Final = 60

# A difference: note, lines that are named, those that one act may name
DIFFERENCE_NOTE_CHARS: Final = 500
DIFFERENCE_LINES: Final = 50
DIFFERENCES_AT_ONCE: Final = 200
