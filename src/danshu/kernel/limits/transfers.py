"""Limits of transfer orders."""

from __future__ import annotations

from typing import Final

# Lines of a transfer; times that goods of one are taken in; transfers that are planned or on their
# way at a merchant
TRANSFER_LINES: Final = 200
TRANSFER_RECEIPTS: Final = 20
TRANSFERS_OPEN: Final = 5_000
