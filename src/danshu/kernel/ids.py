"""Identifiers: UUIDv7 (RFC 9562 §5.7), so that the day of a row is a range of its ids."""

from __future__ import annotations

import datetime
import uuid

_RAND_A_BITS = 12
_RAND_B_BITS = 62
_VERSION = 7 << 76
_VARIANT = 2 << 62


def uuid7(now_ms: int, random_bytes: bytes) -> uuid.UUID:
    """Make a UUIDv7 from milliseconds since 1970 and 10 random bytes."""
    r = int.from_bytes(random_bytes, "big")
    rand_a = (r >> 64) & 0xFFF
    rand_b = r & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=(now_ms << 80) | _VERSION | (rand_a << 64) | _VARIANT | rand_b)


def made_ms(id_: uuid.UUID) -> int:
    """Tell the millisecond in which a UUIDv7 was made."""
    return id_.int >> 80


def day_bounds(day: datetime.date) -> tuple[uuid.UUID, uuid.UUID]:
    """Give the half-open range of UUIDs of one UTC day."""
    midnight = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    first_ms = int(midnight.timestamp()) * 1000
    return uuid.UUID(int=first_ms << 80), uuid.UUID(int=(first_ms + 86_400_000) << 80)
