"""Times as people say them, in China: 明天下午三点前, 月底前, 下周一, 11月26日, 三天内.

A day without an hour ends with the working day at 18:00; `前` is the time itself. What has passed
is meant for the next time it comes (8点 at nine is tomorrow's only where no day was said).
"""

from __future__ import annotations

import calendar
import datetime
import re
from typing import Final

from danshu.capabilities.intake import numerals

SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
_WORKDAY_ENDS: Final = datetime.time(18)
_N: Final = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_DAY: Final = (
    r"(?P<near>今天|今日|今儿|今|明天|明日|明儿|明|后天|后日|大后天)"
    rf"|(?P<week>(?:下个?|这个?|本)?(?:周|星期|礼拜))(?P<weekday>[一二三四五六日天末])"
    rf"|(?:(?P<year>\d{{4}})[年/.-])?(?P<month>{_N})(?:月|(?<=\d)[/.-](?=\d))(?P<day>{_N})(?:日|号)?"
    rf"|(?P<nextmonth>下个?月|本月|这个?月)(?P<monthday>{_N})[日号]"
    rf"|(?P<dayonly>{_N})[日号](?=之?前|以前|上午|下午|早上|晚上|中午|送|到)"
    r"|(?P<end>本?月底|这个?月底|下个?月底|年底|本?周末|周内|本周内|月内)"
)
_PART: Final = (
    r"凌晨|清晨|一大早|大清早|早上|早晨|早|上午|中午|午后|下午|傍晚|晚上|晚间|夜里|晚|下班"
)
_CLOCK: Final = (
    rf"(?P<hour>{_N})(?:点钟?|时)(?:(?P<half>半)|(?P<quarter>[一三])刻"
    rf"|(?P<minute>{_N})分?(?![{numerals.HAN}\d]|[杯瓶箱盒份个件袋包支只罐]))?"
    r"|(?P<hh>[01]?\d|2[0-3])[::](?P<mm>[0-5]\d)"
)
_WITHIN: Final = (
    rf"(?P<count>{_N}|半)个?(?P<unit>天|日|小时|钟头|分钟|周|星期)"
    r"(?P<way>内|以内|之内|后|以后|之后)"
)
_AFTER: Final = r"(?:之前|以前|前|左右|整)?"
PATTERN: Final = re.compile(
    rf"(?:{_WITHIN})|(?:(?:{_DAY})的?(?P<part>{_PART})?(?:{_CLOCK})?"
    rf"|(?P<part2>{_PART})?(?:{_CLOCK.replace('?P<', '?P<b_')})"
    r"|(?P<part3>下班|中午|今晚|晚上)(?=前|之前|以前))"
    rf"{_AFTER}"
)
_NEAR: Final = {"今": 0, "明": 1, "后": 2, "大": 3}
_WEEKDAYS: Final = {d: i for i, d in enumerate("一二三四五六日")} | {"天": 6, "末": 6}
_HOURS: Final = {
    "凌晨": 6, "清晨": 8, "一大早": 9, "大清早": 9, "早上": 9, "早晨": 9, "早": 9, "上午": 12,
    "中午": 12, "午后": 15, "下午": 18, "傍晚": 19, "晚上": 21, "晚间": 21, "夜里": 22, "晚": 21,
    "下班": 18, "今晚": 21,
}  # fmt: skip
_AFTERNOON: Final = frozenset({"下午", "午后", "傍晚", "晚上", "晚间", "夜里", "晚"})
_NOON: Final = 12
_BUSINESS_STARTS: Final = 7  # 三点 alone is in the afternoon
_STEP: Final = {
    "天": datetime.timedelta(days=1), "日": datetime.timedelta(days=1),
    "小时": datetime.timedelta(hours=1), "钟头": datetime.timedelta(hours=1),
    "分钟": datetime.timedelta(minutes=1), "周": datetime.timedelta(days=7),
    "星期": datetime.timedelta(days=7),
}  # fmt: skip


def read(found: re.Match[str], now_ms: int) -> int | None:
    """Give the moment (epoch ms) that words of PATTERN mean; None where there is none such."""
    now = datetime.datetime.fromtimestamp(now_ms / 1000, SHANGHAI)
    try:
        moment = _within(found, now) if found["count"] else _on(found, now)
    except (ValueError, OverflowError):
        return None
    return None if moment is None else int(moment.timestamp() * 1000)


def _number(words: str | None) -> int:
    value = numerals.read(words) if words else None
    if value is None:
        raise ValueError(words)
    return int(value)


def _within(found: re.Match[str], now: datetime.datetime) -> datetime.datetime:
    if found["count"] == "半":
        step = _STEP[found["unit"]] / 2
    else:
        step = _STEP[found["unit"]] * _number(found["count"])
    moment = now + step
    if found["unit"] in ("天", "日", "周", "星期") and found["count"] != "半":
        return datetime.datetime.combine(moment.date(), _WORKDAY_ENDS, SHANGHAI)
    return moment.replace(second=0, microsecond=0)


def _on(found: re.Match[str], now: datetime.datetime) -> datetime.datetime | None:
    day = _day(found, now)
    part = found["part"] or found["part2"] or found["part3"] or ""
    clock = _clock(found, part)
    if day is None:
        moment = datetime.datetime.combine(now.date(), clock, SHANGHAI)
        return moment if moment > now else moment + datetime.timedelta(days=1)
    return datetime.datetime.combine(day, clock, SHANGHAI)


def _clock(found: re.Match[str], part: str) -> datetime.time:
    """Read the hour; the part of the day alone ends at its usual hour."""
    behind = "" if found["hour"] or found["hh"] else "b_"
    if found[behind + "hh"]:
        hour, minute = int(found[behind + "hh"]), int(found[behind + "mm"])
    elif found[behind + "hour"]:
        hour, minute = _number(found[behind + "hour"]), 0
        if found[behind + "half"]:
            minute = 30
        elif found[behind + "quarter"]:
            minute = 15 * _number(found[behind + "quarter"])
        elif found[behind + "minute"]:
            minute = _number(found[behind + "minute"])
    else:
        return datetime.time(_HOURS[part]) if part else _WORKDAY_ENDS
    if hour < _NOON and (part in _AFTERNOON or (not part and hour < _BUSINESS_STARTS)):
        hour += _NOON
    if part == "中午" and hour < _NOON - 1:
        hour += _NOON
    if hour == 24:
        return datetime.time(23, 59)
    return datetime.time(hour, minute)


def _day(found: re.Match[str], now: datetime.datetime) -> datetime.date | None:
    today = now.date()
    if found["near"]:
        return today + datetime.timedelta(days=_NEAR[found["near"][0]])
    if found["week"]:
        return _weekday(found, today)
    if found["month"]:
        return _date(found, today)
    if found["nextmonth"]:
        ahead = found["nextmonth"].startswith("下")
        return _in_month(today, 1 if ahead else 0, _number(found["monthday"]))
    if found["dayonly"]:
        day = _number(found["dayonly"])
        return _in_month(today, 1 if day < today.day else 0, day)
    if found["end"]:
        return _end(found["end"], today)
    return today if found["part3"] == "今晚" else None


def _weekday(found: re.Match[str], today: datetime.date) -> datetime.date:
    ahead = _WEEKDAYS[found["weekday"]] - today.weekday()
    if found["week"].startswith("下") or (ahead < 0 and not found["week"].startswith(("这", "本"))):
        ahead += 7
    return today + datetime.timedelta(days=ahead)


def _date(found: re.Match[str], today: datetime.date) -> datetime.date:
    month, day = _number(found["month"]), _number(found["day"])
    year = int(found["year"]) if found["year"] else today.year
    date = datetime.date(year, month, day)
    return date if found["year"] or date >= today else date.replace(year=year + 1)


def _in_month(today: datetime.date, ahead: int, day: int) -> datetime.date:
    year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return datetime.date(year, month + 1, day)


def _end(words: str, today: datetime.date) -> datetime.date:
    if words == "年底":
        return datetime.date(today.year, 12, 31)
    if "周" in words:
        last = 6 if words.endswith("末") else 4
        return today + datetime.timedelta(days=max(0, last - today.weekday()))
    year, month = divmod(today.year * 12 + today.month - 1 + words.startswith("下"), 12)
    return datetime.date(year, month + 1, calendar.monthrange(year, month + 1)[1])
