"""Limits of woven capabilities."""

from __future__ import annotations

from typing import Final

WOVEN_BYTES: Final = 49_152
WOVEN_VERSIONS: Final = 500
WOVEN_DRAFTS: Final = 50
WOVEN_FIELDS: Final = 64
WOVEN_SAMPLE_CHARS: Final = 16_384
# An OpenAPI document that is pasted or uploaded.
WOVEN_SOURCE_BYTES: Final = 2_097_152
WOVEN_OPERATIONS: Final = 500
EXPRESSION_CHARS: Final = 4_000
# One evaluation, all expressions of a request or of an answer, and how many rows a list may give.
EXPRESSION_MS: Final = 200
EXPRESSIONS_MS: Final = 1_000
INFER_MS: Final = 5_000
EXPRESSION_DEPTH: Final = 100
EXPRESSION_ROWS: Final = 5_000
EXPRESSION_BYTES: Final = 1_048_576
# Memory of the process that evaluates; one more than this ends it, and nothing else.
EXPRESSION_MEMORY_BYTES: Final = 1_073_741_824
WOVEN_QUESTION_BYTES: Final = 65_536
WOVEN_RESPONSE_BYTES: Final = 1_048_576
WOVEN_TIMEOUT_MS_MIN: Final = 100
WOVEN_TIMEOUT_MS_MAX: Final = 30_000
WOVEN_RETRY_S: Final = 30
WOVEN_CALLS: Final = 64
