"""Instants and durations of a type, read and said. ISO 8601 durations of days, hours, minutes."""

from __future__ import annotations

import re
from typing import Final

from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import ORDER_TYPE_DAYS

_DAY_MS: Final = 86_400_000
_SPAN: Final = re.compile(
    r"P(?!$)(?:(\d{1,3})D)?(?:T(?!$)(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?"
)
_UNITS_MS: Final = (_DAY_MS, 3_600_000, 60_000, 1_000)
_ZH: Final = ("天", "小时", "分钟", "秒")
_EN: Final = ("day", "hour", "minute", "second")


def is_span(text: str) -> bool:
    """Tell whether a text is meant as a duration and not as an instant."""
    return text.startswith("P")


def span_ms(text: str) -> int:
    """Read a duration as milliseconds, "" as 0. Raises InputError `order_type_span`."""
    if not text:
        return 0
    found = _SPAN.fullmatch(text)
    total = (
        sum(int(n or 0) * u for n, u in zip(found.groups(), _UNITS_MS, strict=True)) if found else 0
    )
    if not 0 < total <= ORDER_TYPE_DAYS * _DAY_MS:
        raise InputError(
            "order_type_span", f"{text[:64]!r} is no duration of 1 s to {ORDER_TYPE_DAYS} days"
        )
    return total


def at_ms(text: str, anchor_ms: int) -> int:
    """Read an instant, or a duration after `anchor_ms`, as epoch milliseconds; "" = 0.

    Raises InputError `order_type_span` or `order_type_instant`.
    """
    if not text:
        return 0
    if is_span(text):
        return anchor_ms + span_ms(text)
    try:
        return epoch_ms(text)
    except ValueError as error:
        raise InputError("order_type_instant", f"{text[:64]!r} is no RFC 3339 instant") from error


def say(text: str, lang: str) -> str:
    """Say a duration in words; an instant stays as it is written."""
    found = _SPAN.fullmatch(text)
    if not found:
        return text
    words = _EN if lang == "en" else _ZH
    parts = []
    for n, word in zip(found.groups(), words, strict=True):
        if n:
            parts.append(
                f"{int(n)} {word}{'' if int(n) == 1 else 's'}"
                if lang == "en"
                else f"{int(n)} {word}"
            )
    return " ".join(parts)
