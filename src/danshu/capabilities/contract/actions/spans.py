"""Durations of an action: how long something is kept, and how a duration is said in words."""

from __future__ import annotations

import re
from typing import Final

from danshu.kernel.errors import InputError

LIMITATION_DAYS: Final = 3 * 365
"""Ordinary limitation of actions: three years (民法典 art. 188), as long as trade records must be
kept at least (电子商务法 art. 31)."""

_KEEPING = re.compile(r"P(?!$)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")
_ANY = re.compile(
    r"P(?!$)(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?!$)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?"
)
_ZH: Final = {
    "y": "年", "mo": "个月", "w": "周", "d": "天", "h": "小时", "m": "分钟", "s": "秒",
}  # fmt: skip
_EN: Final = {
    "y": "year", "mo": "month", "w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second",
}  # fmt: skip
KEEP_DAYS: Final = 50 * 365


def parse_keeping(text: str) -> int:
    """Read how long something is kept (P3Y, P36M, P1095D) as days, a year having 365.

    Raises InputError `keeping` for anything else, for 0 and for more than KEEP_DAYS.
    """
    found = _KEEPING.fullmatch(text)
    if found is None:
        raise InputError("keeping", f"{text[:64]!r} is no period of days, months or years")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    total = (years * 12 + months) * 365 // 12 + weeks * 7 + days
    if not 0 < total <= KEEP_DAYS:
        raise InputError("keeping", f"{text} is not within a day and {KEEP_DAYS} days")
    return total


def say(text: str, lang: str) -> str:
    """Say an ISO 8601 duration in words: 48 小时, 48 hours; what is none comes back as it is."""
    found = _ANY.fullmatch(text)
    parts = [(unit, int(n)) for unit, n in found.groupdict().items() if n] if found else []
    if not parts:
        return text
    if lang == "zh":
        return " ".join(f"{n} {_ZH[unit]}" for unit, n in parts)
    return " ".join(f"{n} {_EN[unit]}{'' if n == 1 else 's'}" for unit, n in parts)


def say_ms(ms: int, lang: str) -> str:
    """Say milliseconds in words: 3 秒, 2.5 seconds."""
    whole, rest = divmod(ms, 1000)
    number = f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
    if lang == "zh":
        return f"{number} 秒"
    return f"{number} second{'' if number == '1' else 's'}"


def say_fen(fen: int) -> str:
    """Say an amount of 分: ¥30.00."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def say_permille(permille: int) -> str:
    """Say a share of a thousand as per cent: 5%, 2.5%."""
    whole, rest = divmod(permille, 10)
    return f"{whole}.{rest}%" if rest else f"{whole}%"
