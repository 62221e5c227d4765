"""Compiled: judges the orders that rows of facts have just placed, without decoding them.

`look` reads each row's bytes once, and of them what `judge.is_usual` and `prints` ask for. What it
finds nothing wrong with is `USUAL`; `FRESH` says no more than that somebody must look closer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from danshu.capabilities.sentinel.compiling import compiled
from danshu.capabilities.sentinel.text import (
    COMMA,
    OPEN,
    QUOTE,
    end_string,
    end_value,
    find_occurred,
    find_type,
    is_later,
    name_of,
    put,
    read_ms,
    read_name,
    read_type,
    read_whole,
    seek,
    sip,
    type_of,
)

OTHER, FRESH, USUAL = range(3)  # goes on with an order; an order just placed; and nothing is wrong
# Rows of `spans`, pairs of offsets without the quotes; -1 where absent.
CHANNEL, SHOP, BUYER, NUMBER, REGION, CREATED = range(6)
SPANS: Final = 6
# Columns of `keys`: of its number (0 where it is no sale), of its lines, whether it is a sale, and
# when it was created.
NUMBERED, CONTENT, SALE, CREATED_MS = range(4)
KEYS: Final = 4
_GOODS, _DISCOUNT, _POSTAGE, _TOTAL, _WORTH, _PARTS, _LINES, _ODD, _SALE, _HASH, _PAID = range(11)
SUMS: Final = 11
_K: Final = {
    name: name_of(name)
    for name in (
        "amount", "bundle", "buyer", "channel", "created", "data", "discount", "fulfilments",
        "goods", "holds", "kind", "known", "line", "lines", "no", "number", "paid",
        "postage", "price", "quantity", "region", "shares", "shop", "sku", "total", "type",
    )
}  # fmt: skip
_AMOUNT, _BUNDLE, _BUYER, _CHANNEL, _CREATED = (
    _K[n] for n in ("amount", "bundle", "buyer", "channel", "created")
)
_DATA, _DISCOUNTED, _FULFILMENTS, _GOOD, _HOLDS, _KIND, _KNOWN = (
    _K[n] for n in ("data", "discount", "fulfilments", "goods", "holds", "kind", "known")
)
_LINE, _LINED, _NO, _NUMBER, _PAY, _POST, _PRICE = (
    _K[n] for n in ("line", "lines", "no", "number", "paid", "postage", "price")
)
_QUANTITY, _REGION, _SHARES, _SHOP, _SKU, _SUM, _TYPED = (
    _K[n] for n in ("quantity", "region", "shares", "shop", "sku", "total", "type")
)
_PLACED, _PAYMENT, _ALLOCATED = (
    type_of(n) for n in ("order.placed", "order.paid", "order.allocated")
)


@compiled
def _line(buf: Any, at: int, end: int, sums: Any, lines: Any, scratch: Any, salt: Any) -> int:
    """Read a line: what it lists at, its share of the total, its units, and what is in it. Gives
    where it ends.
    """
    no: Any = np.int64(0)
    price, quantity, amount, a, b = 0, 0, -1, 0, 0
    at += 1
    while at < end and buf[at] == QUOTE:
        stop = end_string(buf, at, end)
        key, at = read_name(buf, at + 1, stop), stop + 2
        stop = end_value(buf, at, end)
        if key == _NO:
            no = read_whole(buf, at, stop)
        elif key == _PRICE:
            price = read_whole(buf, at, stop)
        elif key == _QUANTITY:
            quantity = read_whole(buf, at, stop)
        elif key == _PAY:
            sums[_PARTS] += read_whole(buf, at, stop)
        elif key == _SKU:
            a, b = at + 1, stop - 1
        elif key == _KNOWN and buf[at] != 116:  # true
            sums[_ODD] = 1
        elif key == _BUNDLE and buf[at] == OPEN:
            inner = seek(buf, at, stop, _AMOUNT)
            amount = read_whole(buf, inner, stop) if inner >= 0 else 0
        at = stop + 1 if buf[stop] == COMMA else stop
    sums[_WORTH] += price * quantity if amount < 0 else amount
    size = put(buf, a, b, scratch, 0)
    for n in range(8):
        scratch[size + n] = (quantity >> (8 * n)) & 255
    sums[_HASH] += sip(scratch, 0, size + 8, salt)  # in whatever order lines are said
    if sums[_LINES] < lines.shape[0]:
        lines[sums[_LINES], 0], lines[sums[_LINES], 1] = no, quantity
    else:
        sums[_ODD] = 1
    sums[_LINES] += 1
    return at + 1


@compiled
def _column(key: int) -> int:
    """Give the row of `spans` for a key, -1 for none."""
    for column, name in (
        (CHANNEL, _CHANNEL), (SHOP, _SHOP), (BUYER, _BUYER), (NUMBER, _NUMBER),
        (REGION, _REGION), (CREATED, _CREATED),
    ):  # fmt: skip
        if key == name:
            return column
    return -1


@compiled
def _sum(key: int) -> int:
    """Give the place in `sums` for a key, -1 for none."""
    for place, name in (
        (_GOODS, _GOOD), (_DISCOUNT, _DISCOUNTED), (_POSTAGE, _POST), (_TOTAL, _SUM),
    ):  # fmt: skip
        if key == name:
            return place
    return -1


@compiled
def _placed(
    buf: Any, at: int, end: int, sums: Any, lines: Any, spans: Any, scratch: Any, salt: Any
) -> None:
    """Read the data of `order.placed`."""
    at += 1
    while at < end and buf[at] == QUOTE:
        stop = end_string(buf, at, end)
        key, at = read_name(buf, at + 1, stop), stop + 2
        if key == _LINED:
            at += 1
            while at < end and buf[at] == OPEN:
                at = _line(buf, at, end, sums, lines, scratch, salt)
                at += 1 if buf[at] == COMMA else 0
            at += 2 if buf[at + 1] == COMMA else 1
            continue
        stop = end_value(buf, at, end)
        place, column = _sum(key), _column(key)
        if place >= 0:
            sums[place] = read_whole(buf, at, stop)
        elif stop - at <= 2:  # nothing in it
            pass
        elif column >= 0:
            spans[column, 0], spans[column, 1] = at + 1, stop - 1
        elif key in (_HOLDS, _TYPED):
            sums[_ODD] = 1
        elif key == _KIND and not (stop - at == 7 and buf[at + 1] == 111 and buf[at + 5] == 114):
            sums[_ODD], sums[_SALE] = 1, 0  # not "order"
        at = stop + 1 if buf[stop] == COMMA else stop
    if spans[REGION, 0] < 0:
        sums[_ODD] = 1


@compiled
def _share(buf: Any, at: int, end: int, sums: Any, lines: Any) -> int:
    """Take a share's units from those that its line still waits for. Gives where it ends."""
    line: Any = np.int64(0)
    quantity: Any = np.int64(0)
    at += 1
    while at < end and buf[at] == QUOTE:
        stop = end_string(buf, at, end)
        key, at = read_name(buf, at + 1, stop), stop + 2
        stop = end_value(buf, at, end)
        if key == _LINE:
            line = read_whole(buf, at, stop)
        elif key == _QUANTITY:
            quantity = read_whole(buf, at, stop)
        at = stop + 1 if buf[stop] == COMMA else stop
    for n in range(min(sums[_LINES], lines.shape[0])):
        if lines[n, 0] == line:
            lines[n, 1] -= quantity
    return at + 1


@compiled
def _allocated(buf: Any, at: int, end: int, sums: Any, lines: Any) -> None:
    """Read the data of `order.allocated`."""
    at = seek(buf, at, end, _FULFILMENTS) + 1
    while 0 < at < end and buf[at] == OPEN:
        stop = end_value(buf, at, end)
        inner = seek(buf, at, stop, _SHARES) + 1
        while 0 < inner < stop and buf[inner] == OPEN:
            inner = _share(buf, inner, stop, sums, lines)
            inner += 1 if buf[inner] == COMMA else 0
        at = stop + 1 if buf[stop] == COMMA else stop


@compiled
def _is_right(sums: Any, lines: Any) -> bool:
    """Tell whether all sums agree, and no line waits for units."""
    for n in range(min(sums[_LINES], lines.shape[0])):
        if lines[n, 1] != 0:
            return False
    owed = sums[_GOODS] - sums[_DISCOUNT] + sums[_POSTAGE]
    return bool(
        not sums[_ODD] and sums[_WORTH] == sums[_GOODS] and owed == sums[_TOTAL]
        and sums[_PAID] <= sums[_TOTAL] and sums[_PARTS] <= sums[_TOTAL]
    )  # fmt: skip


@compiled
def _is_among(kind: int, marks: Any) -> bool:
    is_found = False
    for mark in marks:
        is_found |= mark == kind
    return is_found


@compiled
def _row(
    buf: Any, at: int, end: int, marks: Any, salt: Any,
    sums: Any, lines: Any, spans: Any, scratch: Any,
) -> int:  # fmt: skip
    """Judge one packed row."""
    is_first, told, told_end = True, 0, 0
    while at + 4 <= end:
        size: Any = np.int64(0)
        for n in range(4):
            size = size << 8 | np.int64(buf[at + n])
        a, b = at + 4, at + 4 + size
        if b > end:
            return OTHER if is_first else FRESH
        at = b
        typed = find_type(buf, a, b)
        kind = read_type(buf, typed, b)
        data = seek(buf, a, b, _DATA) if _is_among(kind, marks) else -1
        if is_first and (kind != _PLACED or data < 0):
            return OTHER
        if data < 0:
            continue
        # canonical order: "occurred" ... "time":"...","type"
        told_end = typed - 2
        told = told_end
        while told > a and buf[told - 1] != QUOTE:
            told -= 1
        occurred = find_occurred(buf, a, told)
        if is_later(buf, occurred, end_string(buf, occurred - 1, b), told, told_end):
            sums[_ODD] = 1
        if is_first:
            _placed(buf, data, b, sums, lines, spans, scratch, salt)
            is_first = False
        elif kind == _PAYMENT:
            amount = seek(buf, data, b, _AMOUNT)
            sums[_PAID] += read_whole(buf, amount, b) if amount >= 0 else 0
        elif kind == _ALLOCATED:
            _allocated(buf, data, b, sums, lines)
        else:
            return FRESH
    if is_first:
        return OTHER
    is_ahead = is_later(buf, spans[CREATED, 0], spans[CREATED, 1], told, told_end)
    return USUAL if _is_right(sums, lines) and not is_ahead else FRESH


@compiled
def look(
    buf: Any, starts: Any, marks: Any, salt: Any, scratch: Any, lines: Any, sums: Any,
    verdicts: Any, spans: Any, keys: Any,
) -> None:  # fmt: skip
    """Judge packed rows.

    `buf` [bytes, 8 more than the rows], `starts` [R + 1]: where each row begins; `marks`: types
    that detectors read; `salt` [2] uint64; `scratch` [longest row + 64], `lines` [most lines, 2],
    `sums` [SUMS]: room to work. Written: `verdicts` [R]; `spans` [R, SPANS, 2] and `keys`
    [R, KEYS] of rows that place an order.
    """
    for row in range(verdicts.shape[0]):
        of = spans[row]
        of[:] = -1
        sums[:] = 0
        sums[_SALE] = 1
        verdict = _row(
            buf, starts[row], starts[row + 1], marks, salt, sums, lines, of, scratch
        )  # fmt: skip
        verdicts[row] = verdict
        if verdict == OTHER:
            continue
        size = put(buf, of[CHANNEL, 0], of[CHANNEL, 1], scratch, 0)
        size = put(buf, of[NUMBER, 0], of[NUMBER, 1], scratch, size)
        number = sip(scratch, 0, size, salt)
        keys[row, NUMBERED] = (number or 1) if sums[_SALE] else 0
        keys[row, CONTENT] = sums[_HASH]
        keys[row, SALE] = sums[_SALE]
        keys[row, CREATED_MS] = -1
        if of[CREATED, 0] >= 0:
            keys[row, CREATED_MS] = read_ms(buf, of[CREATED, 0], of[CREATED, 1])


@compiled
def tally(
    buf: Any, verdicts: Any, spans: Any, keys: Any, placed_ms: Any, scratch: Any, salt: Any,
    slots: Any, cells: Any,
) -> None:  # fmt: skip
    """Count sales, and how late they came, by hour, channel and province.

    `placed_ms` [R]; `slots` [a power of two above R], all -1: room to work. Written: `cells` [R, 3]
    of the first row of each cell: its key, sales, ms.
    """
    for row in range(verdicts.shape[0]):
        if verdicts[row] == OTHER or not keys[row, SALE]:
            continue
        size = put(buf, spans[row, CHANNEL, 0], spans[row, CHANNEL, 1], scratch, 0)
        first = spans[row, REGION, 0]
        size = put(buf, first, min(first + 2, spans[row, REGION, 1]), scratch, size)
        hour = placed_ms[row] // 3_600_000
        for n in range(4):
            scratch[size + n] = (hour >> (8 * n)) & 255
        key = sip(scratch, 0, size + 4, salt)
        slot = key & (slots.shape[0] - 1)
        while slots[slot] >= 0 and cells[slots[slot], 0] != key:
            slot = (slot + 1) & (slots.shape[0] - 1)
        if slots[slot] < 0:
            slots[slot] = row
            cells[row, 0], cells[row, 1], cells[row, 2] = key, 0, 0
        at = slots[slot]
        cells[at, 1] += 1
        if keys[row, CREATED_MS] >= 0:
            cells[at, 2] += max(0, placed_ms[row] - keys[row, CREATED_MS])
