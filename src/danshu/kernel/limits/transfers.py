"""Limits of transfer orders."""

from __future__ import annotations

from typing import Final

# Lines of a transfer; times that goods of one are taken in; transfers that are planned or on their
# way at a merchant
TRANSFER_LINES: Final = 200
TRANSFER_RECEIPTS: Final = 20
TRANSFERS_OPEN: Final = 5_000
# Channels among which a promotion is split
SPLIT_CHANNELS: Final = 32
# Thousandths by which a price falls at most
MARKDOWN_MAX: Final = 700
# Orders that are looked at to say what an act on stock brought
STOCK_SALES_ORDERS: Final = 50_000
