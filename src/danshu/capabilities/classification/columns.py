"""Columns: what a field holds, by its name and by a sample of its values."""

from __future__ import annotations

import functools
import re
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec
import yaml
from msgspec import Struct

from danshu.capabilities.classification import names
from danshu.capabilities.classification.masks import mask
from danshu.capabilities.classification.model import SURE, ClassCount, Held
from danshu.capabilities.classification.scrubbing import TOKENS
from danshu.capabilities.classification.texts import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[一-鿿]+")
_OPAQUE: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{16,128}",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[一-鿿]|[a-z] [a-z]")
_WHOLE_PERCENT: Final = 85  # of a value that a find must cover to be all of it
_TEXT_CHARS: Final = 24
_ALL: Final = 1_000
_LIKELY: Final = frozenset({"bank_card", "imei", "org_code", "uscc"})
_LEAST_CHARS: Final = {
    "name": 2, "mobile": 7, "landline": 7, "resident_id": 8, "passport": 7, "travel_permit": 7,
    "bank_card": 10, "uscc": 15, "org_code": 8, "plate": 6, "vin": 11, "imei": 14, "email": 5,
    "ip": 6, "mac": 11, "address": 3, "birth_date": 4, "geolocation": 5, "wechat": 5, "qq": 5,
    "alipay": 6, "payment_flow": 8, "account": 3, "secret": 4, "pseudonym": 8, "biometric": 8,
}  # fmt: skip
"""Signs below which a value can't be of the class that its field's name says."""
_NUMBERS_ONLY: Final = frozenset({"geolocation", "birth_date", "balance", "sms_code", "qq"})
"""Classes that a number may be by its field's name alone."""


class _ColumnWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    classes: dict[str, str]
    generic: str
    persons: str
    never: str


class _Told(Struct, frozen=True):
    """Class by its words: sequences of Latin parts, the longest first, and Chinese words."""

    parts: tuple[tuple[tuple[str, ...], str], ...]
    words: tuple[tuple[str, str], ...]
    never: frozenset[str]
    generic: frozenset[str]
    persons: frozenset[str]


def name_class(name: str, parent: str = "") -> str:
    """Tell which class the name of a field says, "" where it says none. `parent` is the name of
    what it stands in: `name` in `receiver` is a person's, in `town` it is not.
    """
    told = _told()
    for word, klass in told.words:
        if word in name:
            return klass
    parts = [part.lower() for part in _PARTS.findall(name)]
    around = {part.lower() for part in _PARTS.findall(parent)}
    is_strange = bool(around) and told.persons.isdisjoint(around)
    is_strange = is_strange or not told.never.isdisjoint(around)
    for wanted, klass in told.parts:
        size = len(wanted)
        for at in range(len(parts) - size + 1):
            if tuple(parts[at : at + size]) != wanted:
                continue
            if size == 1 and not told.never.isdisjoint(parts):
                continue
            if not (is_strange and len(parts) == size and wanted[-1] in told.generic):
                return klass
    return ""


def look(name: str, values: Iterable[object], parent: str = "") -> Held:
    """Tell what a field holds, by its name (within `parent`) and values: texts or numbers; None
    and "" are empty.
    """
    named = name_class(name, parent)
    texts: list[str] = []
    empty = 0
    is_number = True
    for value in values:
        if value is None or value == "":
            empty += 1
            continue
        is_number = is_number and isinstance(value, int | float)
        texts.append(str(value).strip())
    whole: Counter[str] = Counter()
    within: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    example = ""
    for text in texts:
        seen = _look_at(text, named)
        for klass, covers, is_masked in seen:
            (whole if covers else within)[klass] += 1
            masked[klass] += is_masked
        if not example and seen:
            example = mask(seen[0][0] if seen[0][1] else "", text)
    if not whole["name"] and not within and (named in ("", "name")):
        bare = sum(names.is_name(text) for text in texts)
        if bare * _ALL >= len(texts) * (400 if named == "name" else 800) and bare > 2:
            whole["name"] = bare
            example = example or mask("name", next(t for t in texts if names.is_name(t)))
    klass, confidence, is_text = _judge(name, named, texts, whole, within, is_number=is_number)
    found = whole + within
    return Held(
        klass=klass,
        confidence=confidence,
        values=len(texts),
        empty=empty,
        counts=tuple(
            ClassCount(klass=each, values=n, masked=masked[each])
            for each, n in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        ),
        example=example if klass else "",
        is_named=bool(named),
        is_text=is_text,
    )


def _look_at(text: str, named: str) -> list[tuple[str, bool, bool]]:
    """Give what one value holds: class, whether the find is all of it, whether it is masked."""
    if _OPAQUE.fullmatch(text):
        return []
    spans = find(text)
    is_led = named in TOKENS and len(text) <= _TEXT_CHARS
    if not spans and is_led and (named != "name" or names.is_name(text)):
        lead = f"{TOKENS[named]}:"  # the name of the field speaks for it as a word would
        spans = tuple(
            msgspec.structs.replace(s, start=max(0, s.start - len(lead)), end=s.end - len(lead))
            for s in find(lead + text)
            if s.klass == named
        )
    if not spans:
        return []
    covered = spans[0].end - spans[0].start
    is_whole = len(spans) == 1 and covered * 100 >= len(text) * _WHOLE_PERCENT
    best: dict[str, bool] = {}
    for span in spans:
        best[span.klass] = best.get(span.klass, False) or span.masked
    return [(klass, is_whole, is_masked) for klass, is_masked in best.items()]


def _judge(
    name: str,
    named: str,
    texts: Sequence[str],
    whole: Counter[str],
    within: Counter[str],
    *,
    is_number: bool,
) -> tuple[str, int, bool]:
    """Give class, confidence and whether the field is free text."""
    total = len(texts)
    opaque = sum(_OPAQUE.fullmatch(text) is not None for text in texts)
    if total and opaque == total and _is_of_person(name):
        return "pseudonym", 700, False
    if not total:
        return named, 600 if named else 0, False
    length = sum(map(len, texts)) // total
    if whole and not named and max(whole.values()) * 3 < total and _is_prose(texts):
        within, whole = within + whole, Counter()  # a note may be a number and nothing else
    if within and sum(within.values()) * 3 > sum(whole.values()):
        klass, n = max((whole + within).items(), key=lambda item: (item[1], item[0]))
        if named and (whole + within)[named] * 2 >= n:
            klass, n = named, (whole + within)[named]
        if klass in _LIKELY and klass != named and n * 10 < total * 3 and not _is_prose(texts):
            return klass, 400, False  # one number in ten has the right check digit by chance
        return klass, min(980, 640 + 340 * n // total + 40 * min(n - 1, 4)), named != "address"
    if whole:
        klass, n = max(whole.items(), key=lambda item: (item[1], item[0] == named, item[0]))
        share = n * _ALL // total
        if klass == named:
            return klass, min(990, 700 + 290 * share // _ALL), False
        if share >= 300 and not (is_number and total < 5):
            return klass, min(960, 520 + 440 * share // _ALL), False
        if not named:
            return klass, 400 + 300 * share // _ALL, length > _TEXT_CHARS
    if named and not (is_number and named not in _NUMBERS_ONLY):
        short = sum(len(text) < _LEAST_CHARS.get(named, 1) for text in texts)
        return named, 300 if short * 2 > total else SURE + 60, False
    return "", 0, length > _TEXT_CHARS


def _is_of_person(name: str) -> bool:
    return not _told().persons.isdisjoint(part.lower() for part in _PARTS.findall(name))


def _is_prose(texts: Sequence[str]) -> bool:
    return sum(_WORDS.search(text) is not None for text in texts) * 2 > len(texts)


@functools.cache
def _told() -> _Told:
    raw = (resources.files("danshu") / "data" / "classification" / "columns.yaml").read_bytes()
    read = msgspec.convert(yaml.safe_load(raw), _ColumnWords)
    parts: list[tuple[tuple[str, ...], str]] = []
    words: list[tuple[str, str]] = []
    for klass, told in read.classes.items():
        for word in told.split():
            if word.isascii():
                parts.append((tuple(word.split("_")), klass))
            else:
                words.append((word, klass))
    parts.sort(key=lambda each: -len(each[0]))
    words.sort(key=lambda each: -len(each[0]))
    return _Told(
        tuple(parts),
        tuple(words),
        frozenset(read.never.split()),
        frozenset(read.generic.split()),
        frozenset(read.persons.split()),
    )
