"""Compiled: the prints 指纹 of orders: who receives them, and what. Receivers are compared by keyed
hashes of 64 bits, never in the clear; where a platform masks them, its pseudonymous buyer stands
for them, within that platform.
"""

from __future__ import annotations

from typing import Any

from danshu.capabilities.sentinel.compiling import compiled
from danshu.capabilities.sentinel.scan import BUYER, CHANNEL, CONTENT, SALE, SHOP
from danshu.capabilities.sentinel.text import (
    COMMA,
    QUOTE,
    STAR,
    end_string,
    end_value,
    name_of,
    put,
    read_name,
    sip,
)

_NAME, _PHONE, _DETAIL, _TOKEN = (name_of(n) for n in ("name", "phone", "detail", "token"))


@compiled
def _hash_pair(first: int, second: int, scratch: Any, salt: Any) -> int:
    for n in range(8):
        scratch[n] = (first >> (8 * n)) & 255
        scratch[8 + n] = (second >> (8 * n)) & 255
    return int(sip(scratch, 0, 16, salt))


@compiled
def _read_person(people: Any, at: int, end: int, fields: Any) -> None:
    """Find phone, name, detail and token of a person: offsets without the quotes."""
    fields[:] = 0
    at += 1
    while at < end and people[at] == QUOTE:
        stop = end_string(people, at, end)
        key, at = read_name(people, at + 1, stop), stop + 2
        stop = end_value(people, at, end)
        for column, name in ((0, _PHONE), (1, _NAME), (2, _DETAIL), (3, _TOKEN)):
            if key == name and people[at] == QUOTE:
                fields[column, 0], fields[column, 1] = at + 1, stop - 1
        at = stop + 1 if people[stop] == COMMA else stop


@compiled
def _is_plain(people: Any, fields: Any) -> bool:
    """Tell whether a receiver has a phone, and nothing of it is masked."""
    for column in range(3):
        for at in range(fields[column, 0], fields[column, 1]):
            if people[at] == STAR:
                return False
    return bool(fields[0, 1] > fields[0, 0])


@compiled
def know(
    people: Any, starts: Any, rows: Any, buf: Any, spans: Any, keys: Any, scratch: Any, salt: Any,
    fields: Any, who: Any,
) -> None:  # fmt: skip
    """Give each row that places a sale the key of its receiver and lines; 0 where nobody is known.

    `people` [bytes] holds persons as the vault keeps them, `starts` [P + 1] where each begins,
    `rows` [P] whose they are; `buf`, `spans` and `keys` are those of `scan.look`; `fields` [4, 2]:
    room to work. Written: `who` [R].
    """
    for n in range(rows.shape[0]):
        of = spans[rows[n]]
        _read_person(people, starts[n], starts[n + 1], fields)
        size = 0
        if _is_plain(people, fields):
            for column in range(3):
                size = put(people, fields[column, 0], fields[column, 1], scratch, size)
        elif fields[3, 1] > fields[3, 0]:
            size = put(buf, of[CHANNEL, 0], of[CHANNEL, 1], scratch, 0)
            size = put(buf, of[SHOP, 0], of[SHOP, 1], scratch, size)
            size = put(people, fields[3, 0], fields[3, 1], scratch, size)
        who[rows[n]] = sip(scratch, 0, size, salt) if size else 0
    for row in range(who.shape[0]):
        of = spans[row]
        if not who[row] and of[BUYER, 0] >= 0:
            size = put(buf, of[CHANNEL, 0], of[CHANNEL, 1], scratch, 0)
            size = put(buf, of[BUYER, 0], of[BUYER, 1], scratch, size)
            who[row] = sip(scratch, 0, size, salt)
        if who[row]:
            key = _hash_pair(who[row], keys[row, CONTENT], scratch, salt)
            who[row] = (key or 1) if keys[row, SALE] else 0
