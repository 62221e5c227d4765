"""Limits of connectors: the systems that are asked, their calls, and the safe of their secrets."""

from __future__ import annotations

from typing import Final

SAFE_NAME_CHARS: Final = 200
SAFE_VALUE_CHARS: Final = 8_192
CALL_BODY_BYTES: Final = 262_144
CALL_KEY_CHARS: Final = 64
ROUTE_WAYS: Final = 50
