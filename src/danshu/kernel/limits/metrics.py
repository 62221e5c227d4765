"""Limits of metrics: formulas, what one reads, what an evaluation gives; lineage of columns."""

from __future__ import annotations

from typing import Final

# Characters of an expression or filter, of a title and of what a metric is about; nodes of a parsed
# formula; metrics a merchant; drafts open; versions of one code; metrics one formula refers to, and
# how deep
METRIC_CHARS: Final = 2_000
METRIC_TITLE_CHARS: Final = 60
METRIC_ABOUT_CHARS: Final = 500
METRIC_NODES: Final = 300
METRICS: Final = 500
METRIC_DRAFTS: Final = 50
METRIC_VERSIONS: Final = 200
METRIC_PARTS: Final = 8
METRIC_DEPTH: Final = 4
# Dimensions and words of a metric; dimensions one evaluation is split by, values a filter names,
# rows that it gives, days of its window
METRIC_DIMENSIONS: Final = 24
METRIC_WORDS: Final = 40
METRIC_BY: Final = 4
METRIC_VALUES: Final = 200
METRIC_ROWS: Final = 2_000
METRIC_DAYS: Final = 3_660
# Saved reports a merchant, metrics of one, bytes of what one gave
METRIC_REPORTS: Final = 2_000
METRIC_REPORT_METRICS: Final = 8
METRIC_REPORT_BYTES: Final = 1_048_576
# Output columns whose lineage is followed, expressions told of one on its way
LINEAGE_COLUMNS: Final = 200
LINEAGE_STEPS: Final = 12
