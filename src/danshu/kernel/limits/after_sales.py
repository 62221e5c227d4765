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
AFTER_SALE_TIMES: Final = 400
AFTER_SALE_HOURS: Final = 2_160
WINDOW_DAYS: Final = 365
EXEMPT_SKUS: Final = 500
RETURN_TO_CHARS: Final = 300
BUYER_CASES_HOUR: Final = 3
BUYER_CASES: Final = 20
