"""Limits of what comes in: orders, messages, files, and the work on them."""

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
GROUP_ORDERS: Final = 512
GROUP_WAIT_MS: Final = 1
QUEUE_ORDERS: Final = 4_096
RETRY_AFTER_S: Final = 1

# Channels
CHANNEL_BODY_BYTES: Final = 1_048_576
CHANNEL_ORDERS: Final = 100
CIPHER_CHARS: Final = 4_096
EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01T00:00:00Z
LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01T00:00:00Z

# Tables
TABLE_CELL_CHARS: Final = 32_767
TABLE_LINE_BYTES: Final = 1_048_576
TABLE_COLUMNS: Final = 512
TABLE_ORDERS: Final = 2_000_000
TABLE_OPEN_ROWS: Final = 500_000
TABLE_XLSX_BYTES: Final = 67_108_864
TABLE_XLSX_UNPACKED_BYTES: Final = 536_870_912
TABLE_XLSX_CELLS: Final = 20_000_000
TABLE_BATCH_ROWS: Final = 8_192
MAPPING_BYTES: Final = 262_144

# Rows of one PUT, rows of one file of master data
MASTER_ROWS: Final = 1_000
MASTER_FILE_ROWS: Final = 100_000

# Units of a stock row; a file of master data
STOCK_UNITS: Final = 10**12
INT4_MAX: Final = 2**31 - 1

# Work on the floor: how long a claim lasts without a scan, claims of a person, readings, photos
# of one piece of work, up to where waiting work is counted; what one printing may hold
FLOOR_LEASE_S: Final = 900
FLOOR_LEASES: Final = 8
FLOOR_SCANS: Final = 2_000
FLOOR_CODE_CHARS: Final = 128
FLOOR_COUNT: Final = 10_000
FLOOR_PHOTOS: Final = 8
FLOOR_PHOTO_BYTES: Final = 8_388_608
PRINT_FULFILMENTS: Final = 100
PRINT_COMMITS: Final = 500

# Sheets: files of master data that go through the import wizard
SHEET_BYTES: Final = 16_777_216
SHEET_UNPACKED_BYTES: Final = 134_217_728
SHEET_TEXT_BYTES: Final = 67_108_864
SHEET_CELLS: Final = 4_000_000
SHEET_PARTS: Final = 2_000
SHEET_NAMES: Final = 64
SHEET_HEADER_ROWS: Final = 20
SHEET_HEADER_CHARS: Final = 100
SHEET_VALUE_CHARS: Final = 200
SHEET_CHUNK_ROWS: Final = 1_000
SHEETS_OPEN: Final = 20
SHEET_OPEN_S: Final = 259_200

# Jobs: orders of one request and of a preview, orders in a step, jobs at once and how long a step
# may take before another node takes over; how long jobs and exported files are kept
BULK_IDS: Final = 1_000
PREVIEW_ORDERS: Final = 1_000
JOB_CHUNK: Final = 100
JOB_ORDERS_AT_ONCE: Final = 2
JOBS_AT_ONCE: Final = 2
JOBS_OPEN: Final = 50
JOB_LEASE_S: Final = 15
JOB_DAYS: Final = 30
OFFER_HOURS: Final = 168
READDRESS_ORDERS: Final = 1_000
READDRESS_DAYS: Final = 7
EXPORT_ROWS: Final = 5_000_000
EXPORT_SHEET_ROWS: Final = 1_000_000
EXPORT_DAYS: Final = 7
PURPOSE_CHARS_MIN: Final = 4
PURPOSE_CHARS: Final = 200
