"""Limits of the relay: how events go to the bus."""

from __future__ import annotations

from typing import Final

RELAY_EVENTS: Final = 256
RELAY_BYTES: Final = 524_288
RELAY_LEAVES: Final = 8_000
RELAY_MERCHANTS: Final = 100
PLACE_SLACK_MS: Final = 2_000
BUS_CONNECT_S: Final = 3
BUS_ACK_S: Final = 10
BUS_DUPLICATES_S: Final = 120
BUS_AGE_S: Final = 604_800
BUS_BYTES: Final = 4_294_967_296
BUS_REPLICAS: Final = 3
