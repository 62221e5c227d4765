"""Invented rows 诱饵行: their keys look like others and follow from the secret and the copy alone.

A file that holds one names its copy exactly. They are in the copy and nowhere else: own figures
are folded from the log, which has never heard of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLASSES: Final = {
    "\ue000": "0123456789",
    "\ue001": "abcdefghijklmnopqrstuvwxyz",
    "\ue002": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "\ue003": "0123456789abcdef",
}
"""Signs of a pattern that stand for any character of a class; all others stand for themselves."""
_HEX: Final = frozenset("0123456789abcdef-")
SAMPLE: Final = 2_000


def read_pattern(values: Sequence[str]) -> str:
    """Give the pattern of keys: where all have one character, that; else the class of it.

    Of the most frequent length alone; "" where there are fewer than two values, or characters of
    no class differ.
    """
    lengths = Counter(map(len, values))
    if not lengths:
        return ""
    usual = lengths.most_common(1)[0][0]
    alike = [v for v in dict.fromkeys(values) if len(v) == usual][:SAMPLE]
    if len(alike) < 2:
        return ""
    is_hex = all(_HEX.issuperset(v) for v in alike) and any(c.isalpha() for v in alike for c in v)
    out = []
    for signs in map(set, zip(*alike, strict=True)):
        if len(signs) == 1:
            out.append(next(iter(signs)))
            continue
        named = _name(signs, is_hex=is_hex)
        if not named:
            return ""
        out.append(named)
    return "".join(out)


def _name(signs: set[str], *, is_hex: bool) -> str:
    if is_hex and signs <= _HEX - {"-"}:
        return "\ue003"
    return next((c for c, all_ in _CLASSES.items() if signs <= set(all_)), "")


def count_keys(pattern: str) -> int:
    """Count the keys that a pattern allows."""
    count = 1
    for sign in pattern:
        count *= len(_CLASSES.get(sign, "-"))
    return count


def make_key(secret: bytes, code_no: int, number: int, pattern: str, salt: bytes = b"key") -> str:
    """Make the key of an invented row of a copy; `salt` names other columns of the same row."""
    told = b"honey\0%s\0%d\0%d" % (salt, code_no, number)
    drawn = int.from_bytes(hmac.digest(secret, told, hashlib.sha256), "big")
    out = []
    for sign in pattern:
        choices = _CLASSES.get(sign)
        if choices is None:
            out.append(sign)
            continue
        drawn, at = divmod(drawn, len(choices))
        out.append(choices[at])
    return "".join(out)


def choose_rows(secret: bytes, code_no: int, count: int, rows: int) -> list[int]:
    """Choose the row behind which each invented one comes, and which it resembles."""
    return [
        int.from_bytes(hmac.digest(secret, b"row\0%d\0%d" % (code_no, n), hashlib.sha256)) % rows
        for n in range(count)
    ]
