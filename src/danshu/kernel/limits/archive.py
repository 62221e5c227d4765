"""Limits of what is put away on object storage."""

from __future__ import annotations

from typing import Final

ARCHIVE_ROWS: Final = 20_000
ARCHIVE_YOUNG_DAYS: Final = 2
ARCHIVE_AGAIN_DAYS: Final = 30
ARCHIVE_RECALL_DAYS: Final = 1
ARCHIVE_PARTS: Final = 10_000
