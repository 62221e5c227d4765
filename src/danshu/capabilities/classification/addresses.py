"""Addresses: a road or a village with a number, grown to the left over the names of the gazetteer
(regions.csv, counties.csv) and to the right over buildings, floors and rooms.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import TYPE_CHECKING, Final

from danshu.capabilities.classification.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_CJK: Final = "一-鿿"
_NUMBER: Final = (
    r"(?:[A-Za-z]?\d{1,5}(?:[-之]\d{1,4})?|[一二三四五六七八九十百]{1,4}"
    r"|[A-Za-z甲乙丙丁](?=座|栋|幢|区|楼))"
)
_DOOR: Final = rf"{_NUMBER}\s?(?:号楼|号院|号|弄|栋|幢|座|单元|室|楼|层|组|户)"
_ROAD: Final = (
    r"(?:大道|大街|路|街|巷|弄|胡同|村|里|苑|新村|小区|花园|公寓|大厦|广场"
    r"|[一二三四五六七八九十]区|屯|庄)"
)
_ANCHOR: Final = re.compile(
    rf"(?P<road>{_ROAD})(?:[东南西北中]{{1,2}}[段路街]?|[一二三四五六七八九十]组)?"
    rf"\s?(?:附\s?)?{_DOOR}"
)
_MORE: Final = re.compile(
    rf"[,\s]?(?:附\s?)?(?:[{_CJK}A-Za-z]{{0,10}}?{_DOOR}"
    rf"|[{_CJK}]{{2,8}}?(?:广场|大厦|大楼|中心|公寓|花园|小区|产业园|科技园|园区)"
    r"|\d{2,4}(?!\d|元|块|个|件|克|年|月|号|毫|点))"
)
_PART: Final = re.compile(rf"[{_CJK}A-Za-z0-9]+")
_LEFT: Final = 36
_ROAD_SIGNS: Final = 8  # of a road's name where nothing says where it begins
_CUES: Final = re.compile(
    r"^.*?(?:新?地址(?:改成|改为|换成|是|为)?|改成|改为|改到|换成|寄到|寄往|寄|送到|送去|送|发到"
    r"|发往|收货|老家在|家在|住在|搬到|请放|放到|放|到|在|是|去|从|请|帮我|麻烦)"
    r"(?=[一-鿿]{1,12}$)"
)
_LATIN: Final = re.compile(
    r"(?:(?:Room|Rm\.?|Unit|Flat|Apt\.?|Suite)\s?\w{1,6},?\s*)?(?:No\.?\s?)?\d{1,5}\s"
    r"(?:[A-Z][\w']+\s){1,3}"
    r"(?:Road|Rd|Street|St|Avenue|Ave|Lane|Drive|Dr|Boulevard|Blvd)\b\.?"
    r"(?:,\s*[A-Z][\w']+(?:\s[A-Z][\w']+)*)*"
)


def find_addresses(text: str) -> Iterator[Span]:
    """Find addresses with a number: confidence is higher where a known place leads."""
    at = 0
    while (match := _ANCHOR.search(text, at)) is not None:
        start, is_known = _grow(text, at, match.end("road"))
        end = match.end()
        while (more := _MORE.match(text, end)) is not None:
            end = more.end()
        at = max(end, match.end())
        if start < match.start("road") or is_known:
            yield Span(start=start, end=end, klass="address", confidence=950 if is_known else 760)


def find_latin(text: str) -> Iterator[Span]:
    """Find addresses in Latin letters."""
    for match in _LATIN.finditer(text):
        yield Span(start=match.start(), end=match.end(), klass="address", confidence=800)


def is_region(text: str) -> bool:
    """Tell whether a whole value is the name of a place of the gazetteer."""
    return text in places()


@functools.cache
def places() -> frozenset[str]:
    """Give the names of provinces, prefectures and counties, in full and as they are said."""
    names: set[str] = set()
    folder = resources.files("danshu") / "data"
    for row in csv.DictReader((folder / "regions.csv").read_text("utf-8").splitlines()):
        if not row["iso2"]:
            names |= {row["name"], row["short"], row["province"], row["province_short"]}
    for row in csv.DictReader((folder / "counties.csv").read_text("utf-8").splitlines()):
        names.add(row["name"])
    return frozenset(name for name in names if len(name) > 1)


def _grow(text: str, least: int, road: int) -> tuple[int, bool]:
    """Give where an address begins, at `least` or later, that has its road's end at `road`, and
    whether a known place leads it.
    """
    left = max(least, road - _LEFT)
    run = re.search(rf"[{_CJK}A-Za-z0-9]*$", text[left:road])
    first = left + (run.start() if run else 0)
    known = places()
    for start in range(first, road - 2):
        if any(text[start : start + n] in known for n in (8, 7, 6, 5, 4, 3, 2)):
            return start, True
    cue = _CUES.match(text, first, road)
    if cue is not None:
        return cue.end(), False
    return max(road - _ROAD_SIGNS, first), False
