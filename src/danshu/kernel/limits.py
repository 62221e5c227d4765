"""Every limit of the hub, in one place, with its unit. Documented in docs/reference/limits.md."""

from __future__ import annotations

from typing import Final

# Intake
ORDER_BODY_BYTES: Final = 65_536
BATCH_BODY_BYTES: Final = 16_777_216
BATCH_ORDERS: Final = 1_000
ORDER_LINES: Final = 200
LINE_QUANTITY: Final = 1_000_000
AMOUNT_MINOR: Final = 10**13
JSON_DEPTH: Final = 32
KEY_CHARS: Final = 128
SKU_CHARS: Final = 64
TEXT_CHARS: Final = 2_000
PAGE_ROWS: Final = 200

# Group commit
GROUP_ORDERS: Final = 256
GROUP_WAIT_MS: Final = 1
QUEUE_ORDERS: Final = 4_096
RETRY_AFTER_S: Final = 1

# Facts
FACT_BYTES: Final = 65_535
STREAM_FACTS: Final = 100_000

# Routing
SPLIT_LINES: Final = 8
WAREHOUSES: Final = 64

# Ledger
SEQUENCE_FACT_ROWS: Final = 4_000
RECEIPT_IN_LOG_S: Final = 60
