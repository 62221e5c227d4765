"""Limits of watermarks: what is marked, and what a file may be that is traced."""

from __future__ import annotations

from typing import Final

# Bytes and rows of a file that is traced; seconds and bytes of memory that tracing it may take
WATERMARK_FILE_BYTES: Final = 64 << 20
WATERMARK_FILE_ROWS: Final = 2_000_000
WATERMARK_TRACE_S: Final = 60
WATERMARK_MEMORY_BYTES: Final = 4 << 30
# Copies of a merchant that a file is compared with, the newest; ways in which they were marked
WATERMARK_COPIES: Final = 200_000
WATERMARK_PLANS: Final = 200
# Rows of a table that is marked; invented rows of a copy, one for so many rows
WATERMARK_ROWS: Final = 10_000_000
HONEY_ROWS: Final = 20
HONEY_EVERY_ROWS: Final = 1_000
