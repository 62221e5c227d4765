"""Names of people: a surname, one or two signs, and a word beside them that speaks for a name."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec
import yaml
from msgspec import Struct

from danshu.capabilities.classification.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CJK: Final = r"[一-鿿·]"
_CUE: Final = (
    r"(?:收件人|收货人|联系人|收货|签收人|代收人|代签人|寄件人|寄件|姓名|户名|名字|机主|车主|持卡人|投保人|本人"
    r"|配送员|快递员|骑手|司机|客服|转交给?|交给|改成|我叫|他叫|她叫|人叫|叫做|抬头人|经办人|乘客|患者|申请人)"
)
_CUED: Final = re.compile(rf"{_CUE}(?:写的是|的是|是|叫|为|写)?[\s:,]{{0,2}}({_CJK}{{2,6}})")
_CUED_MASKED: Final = re.compile(
    rf"{_CUE}(?:写的是|的是|是|叫|为|写)?[\s:,]{{0,2}}({_CJK}\*{{1,2}}{_CJK}?)(?![*0-9A-Za-z])"
)
_TITLE: Final = re.compile(
    r"(?:先生|女士|小姐|太太)(?=$|[\s,。;!?)/]|[的您你收在是说电手签已要来地到把])|收(?=$|[\s,。;])"
)
_OWNED: Final = re.compile(r"的(?:快递|包裹|身份证|电话|手机)")
_BEFORE: Final = re.compile(rf"({_CJK}{{2,4}})\s*[/,、;:]?\s*$")
_CHINESE: Final = re.compile(_CJK)
_MASKED: Final = re.compile(rf"(?<![0-9]|{_CJK})({_CJK}\*{{1,2}}{_CJK}?)(?!{_CJK}|[*0-9A-Za-z])")
_LATIN: Final = re.compile(
    r"(?:[Mm]y name is|[Nn]ame\s*[:=]|[Dd]eliver to|[Aa]ttn\.?:?|[Cc]onsignee:?|[Rr]ecipient:?)\s*"
    r"((?!The\b|Room\b|My\b)[A-Z][a-z]+(?:[ -][A-Z][a-z]+){1,2})"
)


class NameWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of data/classification/names.yaml, separated by spaces where they are words."""

    surnames: str
    compound: str
    never: str
    stops: str
    given: str


class _Words(Struct, frozen=True):
    surnames: frozenset[str]
    compound: frozenset[str]
    never: frozenset[str]
    stops: frozenset[str]
    given: frozenset[str]


@functools.cache
def _words() -> _Words:
    raw = (resources.files("danshu") / "data" / "classification" / "names.yaml").read_bytes()
    read = msgspec.convert(yaml.safe_load(raw), NameWords)
    return _Words(
        surnames=frozenset(read.surnames.replace(" ", "")),
        compound=frozenset(read.compound.split()),
        never=frozenset(read.never.split()),
        stops=frozenset(read.stops),
        given=frozenset(read.given),
    )


def find_names(text: str, mobiles: Iterable[int] = ()) -> Iterator[Span]:
    """Find names in a text; beside `mobiles`, where telephone numbers begin, one may stand."""
    for match in _CUED.finditer(text):
        start = match.start(1)
        length = measure(text[start : match.end(1)])
        if length:
            yield _span(start, start + length, 930)
    for pattern, confidence in ((_TITLE, 900), (_OWNED, 640)):
        for match in pattern.finditer(text):
            end = match.start()
            start = _reach(text, end)
            if start < end:
                yield _span(start, end, confidence)
    for mobile in mobiles:
        beside = _BEFORE.search(text, max(0, mobile - 8), mobile)
        if beside is not None and measure(beside[1]) == len(beside[1]):
            start, end = beside.span(1)
            if start == 0 or _CHINESE.match(text, start - 1) is None:
                yield _span(start, end, 880)
    if "*" in text:
        yield from _find_masked(text)


def _find_masked(text: str) -> Iterator[Span]:
    for pattern, confidence in ((_MASKED, 700), (_CUED_MASKED, 900)):
        for match in pattern.finditer(text):
            if match[1][0] in _words().surnames:
                yield _span(*match.span(1), confidence, masked=True)


def _reach(text: str, end: int) -> int:
    """Give where the name begins that ends at `end`, the longest; `end` where there is none."""
    for size in (4, 3, 2):
        if size <= end and measure(text[end - size : end]) == size:
            return end - size
    return end


def find_latin(text: str) -> Iterator[Span]:
    """Find names in Latin letters after the words that announce one."""
    for match in _LATIN.finditer(text):
        yield _span(match.start(1), match.end(1), 850)


def is_name(text: str) -> bool:
    """Tell whether a whole value may be somebody's name: a surname and one or two signs."""
    return 2 <= len(text) <= 4 and measure(text) == len(text)


def measure(text: str) -> int:
    """Give how many signs at the beginning are a name, 0 for none."""
    words = _words()
    family = 2 if text[:2] in words.compound else 1 if text[:1] in words.surnames else 0
    if not family or text[:2] in words.never or text[:3] in words.never:
        return 0
    given = 0
    for sign in text[family : family + 2]:
        if not "一" <= sign <= "鿿" or (sign in words.stops and (given or sign not in words.given)):
            break
        given += 1
    return family + given if given else 0


def _span(start: int, end: int, confidence: int, *, masked: bool = False) -> Span:
    return Span(start=start, end=end, klass="name", confidence=confidence, masked=masked)
