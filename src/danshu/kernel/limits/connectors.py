"""Limits of connectors: the systems that are asked, their calls, and the safe of their secrets."""

from __future__ import annotations

from typing import Final

SAFE_NAME_CHARS: Final = 200
SAFE_VALUE_CHARS: Final = 8_192
CALL_BODY_BYTES: Final = 262_144
CALL_KEY_CHARS: Final = 64
ROUTE_WAYS: Final = 50
CONNECTORS: Final = 50
CONNECTOR_CALLS_AT_ONCE: Final = 256
CALLS_ROUTED: Final = 512
CALLS_IN_FLIGHT: Final = 512
CALL_RETRY_MS: Final = 1_000
CALL_RETRY_MAX_MS: Final = 300_000
CALL_QUIET_MS: Final = 15_000
CALL_POLL_MS: Final = 15_000
CALL_TRIES: Final = 200
CALL_ANSWER_BYTES: Final = 1_048_576
CALL_TIMEOUT_MAX_S: Final = 60
CALL_NO_ROUTE_S: Final = 60
CONNECTOR_PROBE_S: Final = 60
CONNECTOR_MINUTES_DAYS: Final = 8
CALL_KEEP_DAYS: Final = 30
DRAIN_QUIET_S: Final = 10
CALLS_SWEPT: Final = 5_000
PROBE_TIMEOUT_S: Final = 5
BOOKS_KEYS: Final = 2_000_000
BOOKS_DIFFERENCES: Final = 1_000
BOOKS_TIMEOUT_S: Final = 30
CONNECTOR_RATE_PER_S: Final = 10_000
ROUTE_CODES: Final = 100
