"""How a question is written in an address: `by=channel,day`, `where=channel:tb,jd;province:310000`,
days of Asia/Shanghai.
"""

from __future__ import annotations

import datetime
from typing import Final

from danshu.capabilities.metrics.compiling import DAY_MS as DAY_MS
from danshu.capabilities.metrics.compiling import ZONE_MS, Question
from danshu.hub.metrics import ask
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import METRIC_BY, METRIC_DIMENSIONS

_ORDERS: Final = ("value", "key")


def day_ms(text: str) -> int:
    """Give the first instant of a day (YYYY-MM-DD) in Asia/Shanghai. Raises InputError."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError("bad_date", f"{text[:20]!r} is no day (YYYY-MM-DD)") from None
    return (day.toordinal() - datetime.date(1970, 1, 1).toordinal()) * DAY_MS - ZONE_MS


def instant_ms(text: str, now_ms: int) -> int:
    """Give the instant as of which is asked: the end of a day, or an instant of RFC 3339; 0, which
    is now, for none and for one to come. Raises InputError.
    """
    if not text:
        return 0
    try:
        at_ms = epoch_ms(text) if "T" in text else day_ms(text) + DAY_MS
    except ValueError:
        raise InputError("bad_date", f"{text[:30]!r} is no instant (RFC 3339)") from None
    return at_ms if 0 < at_ms <= now_ms else 0


def read_question(by: str, where: str, since: str, until: str, limit: int, order: str) -> Question:
    """Read a question; `until` is the last day in the window. Raises InputError."""
    if order not in _ORDERS:
        raise InputError("bad_order", "order is value or key")
    since_ms = day_ms(since) if since else 0
    until_ms = day_ms(until) + DAY_MS if until else 0
    names = [name for name in by.split(",") if name]
    if len(names) > METRIC_BY:
        raise InputError("bad_dimensions", f"at most {METRIC_BY} dimensions")
    return ask(names, _read_where(where), since_ms, until_ms, limit, order == "key")


def _read_where(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for part in [p for p in text.split(";") if p]:
        name, colon, values = part.partition(":")
        if not colon or not name or len(found) >= METRIC_DIMENSIONS:
            raise InputError("bad_filter", "where is name:value,value;name:value")
        found[name] = tuple(values.split(","))
    return found
