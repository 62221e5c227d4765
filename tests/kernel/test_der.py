"""DER: what was written is read again, and nothing else is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel import der
from danshu.kernel.errors import InputError
from danshu.kernel.timestamp import read_answer, write_request


@given(st.integers(0, 2**200))
def test_integers(value: int) -> None:
    assert der.integer(der.read(der.write_integer(value))) == value


@pytest.mark.parametrize("oid", ["1.2.156.10197.1.501", "2.16.840.1.101.3.4.2.1", "2.999.3", "0.9"])
def test_object_identifiers(oid: str) -> None:
    assert der.oid(der.read(der.write_oid(oid))) == oid


@pytest.mark.parametrize(
    ("tag", "text", "us"),
    [
        (der.GENERALIZED_TIME, b"20261122110000Z", 1_795_345_200_000_000),
        (der.GENERALIZED_TIME, b"20261122110000.5Z", 1_795_345_200_500_000),
        (der.GENERALIZED_TIME, b"20261122110000.1234567Z", 1_795_345_200_123_456),
        (der.UTC_TIME, b"261122110000Z", 1_795_345_200_000_000),
    ],
)
def test_times(tag: int, text: bytes, us: int) -> None:
    assert der.time_us(der.read(der.write(tag, text))) == us


@pytest.mark.parametrize("text", [b"20261322110000Z", b"20261122110000", b"20261122110000+0800"])
def test_no_times(text: bytes) -> None:
    with pytest.raises(InputError):
        der.time_us(der.read(der.write(der.GENERALIZED_TIME, text)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite
        b"\x02\x81\x01\x05",  # the length could be shorter
        b"\x02\x82\x00\x81" + b"\x01" * 0x81,
        b"\x02\x01",
        b"\x02\x01\x05\x00",  # something after it
        b"\x1f\x81\x01\x00",  # a tag of several bytes
    ],
)
def test_what_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        der.read(raw)


@pytest.mark.parametrize("body", [b"", b"\0\x01", b"\xff\xff"])
def test_integers_are_the_shortest(body: bytes) -> None:
    with pytest.raises(InputError):
        der.integer(der.read(der.write(der.INTEGER, body)))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(raw: bytes) -> None:
    with contextlib.suppress(InputError):
        read_answer(raw)


@given(st.data())
def test_a_changed_answer_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(write_request("sm3", b"\1" * 32, 2**62, "1.2.3.4.1"))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        read_answer(der.write(der.SEQUENCE, bytes(raw), bytes(raw)))
