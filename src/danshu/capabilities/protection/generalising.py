"""Generalising: a value is told less exactly, step by step, until nothing is told.

A hierarchy has a height; 0 is the value itself, the height is silence. Silence is "" for texts and
-1 for whole numbers, so that a column keeps its kind. Each step is a function of the step before:
who looks alike at one level looks alike at the next.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["region", "day", "month", "hour", "amount", "count", "moment", "text"]
SILENCE: Final = ""
NUMBER_SILENCE: Final = -1
# 大区 by the first digit of GB/T 2260, as statistics name them
AREAS: Final = {
    "1": "华北",
    "2": "东北",
    "3": "华东",
    "4": "中南",
    "5": "西南",
    "6": "西北",
    "7": "台湾",
    "8": "港澳",
}
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000


def _city(code: str) -> str:
    return code[:4] + "00" if len(code) == 6 and code.isdigit() else code


def _province(code: str) -> str:
    return code[:2] + "0000" if len(code) == 6 and code.isdigit() else code


def _area(code: str) -> str:
    return AREAS.get(code[:1], "") if len(code) == 6 and code.isdigit() else ""


def _date(day: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(day[:10])
    except ValueError:
        return None


def _week(day: str) -> str:
    told = _date(day)
    if told is None:
        return day
    return (told - datetime.timedelta(days=told.weekday())).isoformat()


def _month(day: str) -> str:
    """Give the month of a day's week, which is that of its Thursday (ISO 8601)."""
    told = _date(day)
    if told is None:
        return day
    return (told + datetime.timedelta(days=3 - told.weekday())).isoformat()[:7]


def _quarter_of(month: str) -> str:
    if len(month) < 7 or not month[5:7].isdigit():
        return month
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def _quarter(day: str) -> str:
    return _quarter_of(_month(day))


def _year(day: str) -> str:
    return _month(day)[:4]


def _year_of(month: str) -> str:
    return month[:4]


def _band(width: int) -> Callable[[Any], Any]:
    return lambda value: value if value < 0 else value - value % width


def _silent_text(_: Any) -> Any:
    return SILENCE


def _silent_number(_: Any) -> Any:
    return NUMBER_SILENCE


def _same(value: Any) -> Any:
    return value


# A week may lie in two months: a day belongs to the month of its week, so that each step follows
# from the one before.
_STEPS: Final[dict[Kind, tuple[Callable[[Any], Any], ...]]] = {
    "region": (_same, _city, _province, _area, _silent_text),
    "day": (_same, _week, _month, _quarter, _year, _silent_text),
    "month": (_same, _quarter_of, _year_of, _silent_text),
    "hour": (_same, _band(4), _band(12), _silent_number),
    "amount": (_same, _band(1_000), _band(10_000), _band(100_000), _silent_number),
    "count": (_same, _band(5), _band(20), _silent_number),
    "moment": (_same, _band(_HOUR_MS), _band(_DAY_MS), _silent_number),
    "text": (_same, _silent_text),
}


def height(kind: Kind) -> int:
    """Give the level at which nothing is told."""
    return len(_STEPS[kind]) - 1


def generalise(kind: Kind, level: int, value: Any) -> Any:
    """Give a value at a level of its hierarchy; one that does not fit its kind stays, or is ""."""
    return _STEPS[kind][level](value)


def kind_of(name: str, unit: str, is_number: bool) -> Kind:
    """Give the hierarchy of a column by what it is called and counted in."""
    if not is_number:
        if name in ("region", "province", "city", "district"):
            return "region"
        if name in ("day", "date"):
            return "day"
        return "month" if name == "month" else "text"
    if unit == "fen":
        return "amount"
    if unit == "ms" or name in ("occurred", "recorded"):
        return "moment"
    return "hour" if name == "hour" else "count"
