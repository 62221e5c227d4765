"""Limits of after-sales: cases of an order, photos of a return, batches, payments."""

from __future__ import annotations

from typing import Final

ORDER_CASES: Final = 100
CASE_PHOTOS: Final = 12
CASE_BATCH: Final = 100
CASE_WORDS_CHARS: Final = 2_000
AFTER_SALE_AUTO_FEN: Final = 50_000
AFTER_SALE_SECOND_FEN: Final = 500_000
REFUNDS_AT_ONCE: Final = 32
CARRIER_TERMS: Final = 200
