"""Limits of lists, boards and streams."""

from __future__ import annotations

from typing import Final

# What one page of a list may read: rows walked, rows found by words, newest rows looked through
SCAN_ROWS: Final = 10_000
SCAN_CANDIDATES: Final = 2_000
SCAN_MS: Final = 20
SCAN_NEWEST: Final = 2_000

# Streams of facts (SSE) that one process serves, and how long one lives
STREAMS: Final = 256
STREAM_S: Final = 3_600

# The workbench: a filter, its conditions and their values; rows walked through in one piece
FILTER_CHARS: Final = 4_000
FILTER_TERMS: Final = 32
FILTER_VALUES: Final = 100
SCAN_CHUNK: Final = 1_000

# The board: leaves and rows counted in one commit, how often empty counters are swept
ROWS_LEAVES: Final = 20_000
LANES_KEPT: Final = 500_000
BOARD_REBUILD_ROWS: Final = 5_000
BOARD_SWEEP_S: Final = 3_600

# Counting what the board's counters do not know: rows and time, then an estimate
COUNT_ROWS: Final = 20_000
COUNT_MS: Final = 100

# Latencies of placing that a process remembers
LATENCY_MINUTES: Final = 60

# The overview: rows that its alerts are grouped from, rejected messages that are counted
ALERT_ROWS: Final = 5_000
INBOX_COUNT: Final = 10_000
ORDER_TAGS: Final = 20
TAG_CHARS: Final = 32
TAGS_SUGGESTED: Final = 500

# Overviews that a process keeps, and how long one is fresh
BOARDS_KEPT: Final = 256
BOARD_FRESH_MS: Final = 1_000

# The live stream of consoles: one tick a merchant and node, listeners, what waits for each of them
LIVE_TICK_MS: Final = 1_000
LIVE_LISTENERS: Final = 1_000
LIVE_QUEUE: Final = 32
LIVE_KEPT: Final = 256
LIVE_IDS: Final = 100
LIVE_JOBS: Final = 100
LIVE_FIGURES_S: Final = 10
LIVE_CHECK_S: Final = 30
LIVE_S: Final = 3_600

# Stock: rows that its figures are counted from, waiting units counted, SKUs shown that orders wait
# for and SKUs looked at to find them, time after which a page of SKUs ends where it stands, SKUs
# summed up in one piece
STOCK_COUNTED: Final = 200_000
WAITING_COUNTED: Final = 200_000
WAITING_SKUS: Final = 200
WAITING_LOOKED: Final = 500
STOCK_PAGE_MS: Final = 100
STOCK_CHUNK_SKUS: Final = 200
VIEWS_OWN: Final = 100
VIEWS_SHARED: Final = 200
VIEW_COLUMNS: Final = 40
VIEW_NAME_CHARS: Final = 40
COUNTS_S: Final = 2
