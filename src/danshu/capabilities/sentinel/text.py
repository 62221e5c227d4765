"""Compiled: canonical JSON (RFC 8785: sorted keys, no spaces) read where it lies, without decoding.

Whoever reads passes the end of what he may read; offsets of strings are without their quotes. The
loops that see every byte index by unsigned numbers: those need no look at what is below zero.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from danshu.capabilities.sentinel.compiling import compiled

QUOTE, COMMA, BACKSLASH, STAR = 34, 44, 92, 42
OPEN, CLOSE, LIST, END, ZERO, MINUS = 123, 125, 91, 93, 48, 45
_WORD: Final = (1 << 64) - 1
_MARK: Final = 0x1F


def name_of(text: str) -> int:
    """Give a key as `read_name` reads it: its first eight bytes, and how long it is."""
    data = text.encode()
    found = (int.from_bytes(data[:8], "big") * 31 + len(data)) & _WORD
    return found - (1 << 64) if found >> 63 else found


def type_of(text: str) -> int:
    """Give a fact type as `read_type` reads it: FNV-1a, 64 bits."""
    found = 0xCBF29CE484222325
    for byte in text.encode():
        found = ((found ^ byte) * 0x100000001B3) & _WORD
    return found - (1 << 64) if found >> 63 else found


@compiled
def end_string(buf: Any, at: int, end: int) -> int:
    """From an opening quote to its closing one."""
    at += 1
    while at < end and buf[np.uintp(at)] != QUOTE:
        at += 2 if buf[np.uintp(at)] == BACKSLASH else 1
    return min(at, end)


@compiled
def end_value(buf: Any, at: int, end: int) -> int:
    """From the first byte of a value to the one after it."""
    depth = 0
    while at < end:
        c = buf[np.uintp(at)]
        if c == QUOTE:
            at = end_string(buf, at, end)
        elif c in (OPEN, LIST):
            depth += 1
        elif c in (CLOSE, END):
            depth -= 1
            if depth < 0:
                return at
        elif c == COMMA and depth == 0:
            return at
        at += 1
        if depth == 0 and (c in (QUOTE, CLOSE, END)):
            return at
    return end


@compiled
def read_whole(buf: Any, at: int, end: int) -> int:
    """Read a whole number."""
    sign = 1
    if at < end and buf[at] == MINUS:
        sign, at = -1, at + 1
    found: Any = 0
    while at < end and ZERO <= buf[at] <= ZERO + 9:
        found = found * 10 + np.int64(buf[at]) - ZERO
        at += 1
    return int(sign * found)


@compiled
def read_name(buf: Any, a: int, b: int) -> int:
    """Give the key [a, b) as a number: its first eight bytes, and how long it is."""
    found: Any = np.int64(0)
    for at in range(a, min(b, a + 8)):
        found = (found << 8) | np.int64(buf[np.uintp(at)])
    return int(found * 31 + (b - a))


@compiled
def seek(buf: Any, at: int, end: int, wanted: int) -> int:
    """From an object, or from one of its keys, to the value of a key that comes after; else -1."""
    at += 1 if at < end and buf[at] == OPEN else 0
    while at < end and buf[at] == QUOTE:
        stop = end_string(buf, at, end)
        key, at = read_name(buf, at + 1, stop), stop + 2
        if key == wanted:
            return at
        at = end_value(buf, at, end)
        at += 1 if buf[at] == COMMA else 0
    return -1


@compiled
def find_type(buf: Any, a: int, b: int) -> int:
    """Give where the key `type` of a fact's envelope begins, which is near its end."""
    at = b - 8
    while at > a and not (
        buf[np.uintp(at)] == QUOTE and buf[np.uintp(at + 1)] == 116 and buf[np.uintp(at + 2)] == 121
        and buf[np.uintp(at + 5)] == QUOTE and buf[np.uintp(at + 7)] == QUOTE
    ):  # fmt: skip
        at -= 1
    return at


@compiled
def find_occurred(buf: Any, a: int, at: int) -> int:
    """Give where the text of `occurred` begins, which stands not far before `type`."""
    while at > a and not (
        buf[np.uintp(at)] == QUOTE and buf[np.uintp(at + 1)] == 111 and buf[np.uintp(at + 2)] == 99
        and buf[np.uintp(at + 9)] == QUOTE and buf[np.uintp(at + 11)] == QUOTE
    ):  # fmt: skip
        at -= 1
    return at + 12


@compiled
def read_type(buf: Any, at: int, b: int) -> Any:
    """Hash the type of a fact from where its key begins."""
    found = np.uint64(0xCBF29CE484222325)
    at += 8
    while at < b and buf[at] != QUOTE:
        found = (found ^ np.uint64(buf[at])) * np.uint64(0x100000001B3)
        at += 1
    return np.int64(found)


@compiled
def _turn(x: Any, by: int) -> Any:
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


@compiled
def sip(buf: Any, a: int, b: int, salt: Any) -> Any:
    """SipHash-2-4 (Aumasson, Bernstein 2012) of bytes [a, b), as a signed number."""
    v0 = salt[0] ^ np.uint64(0x736F6D6570736575)
    v1 = salt[1] ^ np.uint64(0x646F72616E646F6D)
    v2 = salt[0] ^ np.uint64(0x6C7967656E657261)
    v3 = salt[1] ^ np.uint64(0x7465646279746573)
    size = b - a
    for block in range(size // 8 + 2):
        is_last = block == size // 8 + 1
        m = np.uint64(0)
        if not is_last:
            at = a + 8 * block
            for n in range(min(8, b - at)):
                m |= np.uint64(buf[at + n]) << np.uint64(8 * n)
            if block == size // 8:
                m |= np.uint64(size & 255) << np.uint64(56)
            v3 ^= m
        else:
            v2 ^= np.uint64(0xFF)
        for _ in range(4 if is_last else 2):
            v0 += v1
            v1 = _turn(v1, 13) ^ v0
            v0 = _turn(v0, 32)
            v2 += v3
            v3 = _turn(v3, 16) ^ v2
            v0 += v3
            v3 = _turn(v3, 21) ^ v0
            v2 += v1
            v1 = _turn(v1, 17) ^ v2
            v2 = _turn(v2, 32)
        v0 ^= m
    return np.int64(v0 ^ v1 ^ v2 ^ v3)


@compiled
def put(buf: Any, a: int, b: int, scratch: Any, at: int) -> int:
    """Write bytes and an end mark behind what stands in `scratch`."""
    for n in range(b - a):
        scratch[at + n] = buf[a + n]
    scratch[at + b - a] = _MARK
    return at + b - a + 1


@compiled
def is_later(buf: Any, a: int, b: int, c: int, d: int) -> bool:
    """Tell whether text [a, b) comes after text [c, d), byte by byte."""
    for n in range(min(b - a, d - c)):
        if buf[a + n] != buf[c + n]:
            return bool(buf[a + n] > buf[c + n])
    return b - a > d - c


@compiled
def read_ms(buf: Any, a: int, b: int) -> int:
    """Read `2026-11-11T00:00:00Z`, with up to three digits of a second, as epoch ms; else -1."""
    size = b - a
    if not 20 <= size <= 24 or size == 21 or buf[b - 1] != 90 or buf[a + 10] != 84:  # Z, T
        return -1
    year, month, day = read_whole(buf, a, b), read_whole(buf, a + 5, b), read_whole(buf, a + 8, b)
    hour, minute = read_whole(buf, a + 11, b), read_whole(buf, a + 14, b)
    found: Any = np.int64(0)
    if size > 20:
        found = read_whole(buf, a + 20, b) * (100 if size == 22 else 10 if size == 23 else 1)
    # days from 1970 in the proleptic Gregorian calendar, with the year begun in March
    y = year - (1 if month <= 2 else 0)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = 365 * y + y // 4 - y // 100 + y // 400 + of_year - 719_468
    second = read_whole(buf, a + 17, b)
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + int(found)
