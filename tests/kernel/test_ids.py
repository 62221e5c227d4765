"""Identifiers: UUIDv7 as RFC 9562 lays it out, ordered by time, a day being a range."""

from __future__ import annotations

import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel.ids import day_bounds, made_ms, uuid7

TIMES_MS = st.integers(0, 2**48 - 1)
RANDOM = st.binary(min_size=10, max_size=10)
DAYS = st.dates(datetime.date(1970, 1, 1), datetime.date(2999, 12, 31))


def test_the_example_of_rfc_9562() -> None:
    # Appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    random = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(0x017F22E279B0, random) == uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


@given(TIMES_MS, RANDOM)
def test_version_variant_and_time(now_ms: int, random: bytes) -> None:
    made = uuid7(now_ms, random)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made_ms(made) == now_ms


@given(TIMES_MS, RANDOM, TIMES_MS, RANDOM)
def test_order_follows_time(a_ms: int, a: bytes, b_ms: int, b: bytes) -> None:
    if a_ms < b_ms:
        assert uuid7(a_ms, a) < uuid7(b_ms, b)
        assert uuid7(a_ms, a).bytes < uuid7(b_ms, b).bytes


@given(TIMES_MS, st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_74_random_bits_are_kept(now_ms: int, a: int, b: int) -> None:
    def random(bits: int) -> bytes:
        return ((bits >> 62) << 64 | bits & (2**62 - 1)).to_bytes(10, "big")

    assert (uuid7(now_ms, random(a)) == uuid7(now_ms, random(b))) == (a == b)


@given(DAYS, st.integers(0, 86_399_999), RANDOM)
def test_a_day_is_a_range(day: datetime.date, within_ms: int, random: bytes) -> None:
    first, end = day_bounds(day)
    midnight_ms = (day - datetime.date(1970, 1, 1)).days * 86_400_000
    assert first <= uuid7(midnight_ms + within_ms, random) < end
    assert not first <= uuid7(midnight_ms + 86_400_000, random) < end
    if midnight_ms:
        assert not first <= uuid7(midnight_ms - 1, random) < end


@pytest.mark.parametrize("day", ["1970-01-01", "2026-11-22"])
def test_days_follow_one_another(day: str) -> None:
    today = datetime.date.fromisoformat(day)
    assert day_bounds(today)[1] == day_bounds(today + datetime.timedelta(days=1))[0]
