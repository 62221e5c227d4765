"""Words of orders that a model wrote by their sound: 食香 for 十箱, 被住 for 备注.

Only what sounds the same but for its tones, only where such a word may stand, and character for
character, so that places in the text stay.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# What orders are made of beside names: two characters and more, so that chance is small.
_CUES: Final = (
    *("取消", "订单", "刚才", "那单", "这单", "上一单", "重新", "备注", "不对", "改成", "换成"),
    *("说错了", "算了", "送到", "再来", "再加", "不要", "停机", "检修", "安排", "谢谢"),
    *("去冰", "少冰", "半糖", "少糖", "无糖", "大杯", "中杯", "小杯", "多加", "打包", "外带"),
)
_NUMBERS: Final = "一两二三四五六七八九十"
_MEASURES: Final = "杯份箱瓶袋桶个套盒包件只对提条斤打罐块张把台"
_SENTENCES: Final = (
    (re.compile(r"[我哦噢喔]不[,,。 ]?是"), "不对，"),
    (re.compile(r"不要[冷乐勒啦](?=[,,。 ]|$)"), "不要了"),
    (re.compile(r"(?<=[,,。 ])[家嘉佳](?=[一-鿿]{2})"), "加"),
)
_COUNTED: Final = re.compile(r"(?:\d+|[一两二三四五六七八九十百千]{2,})([一-鿿])")
_BEFORE: Final = "来要加和点送发订买需给再"  # what a number may follow within a clause
_MARKS: Final = re.compile(r"[^\w]")
_HAN: Final = re.compile(r"[一-鿿]")


@lru_cache(maxsize=4_096)
def sound(char: str) -> str:
    """Give a character's syllable without its tone."""
    from pypinyin import lazy_pinyin

    told = lazy_pinyin(char)
    return told[0] if told else char


@lru_cache(maxsize=1)
def _cues() -> dict[tuple[str, ...], str]:
    return {tuple(sound(c) for c in cue): cue for cue in _CUES}


@lru_cache(maxsize=1)
def _counts() -> tuple[dict[str, str], dict[str, str]]:
    numbers = {sound(c): c for c in reversed(_NUMBERS)}
    return numbers, {sound(c): c for c in reversed(_MEASURES)}


def repair(text: str) -> str:
    """Write the words of orders as they are written; as long as what was given."""
    chars = list(text)
    syllables = [sound(c) if _HAN.match(c) else c for c in chars]
    _repair_cues(chars, syllables)
    _repair_measures(chars, syllables)
    _repair_counts(chars, syllables)
    told = "".join(chars)
    for pattern, by in _SENTENCES:
        for found in reversed(list(pattern.finditer(told))):
            told = told[: found.start()] + _fit(by, found[0]) + told[found.end() :]
    return told


def _fit(by: str, found: str) -> str:
    """Keep the length: what is too short is filled up by its last mark."""
    return by + by[-1] * (len(found) - len(by))


def _repair_cues(chars: list[str], syllables: list[str]) -> None:
    cues = _cues()
    for size in (3, 2):
        for at in range(len(chars) - size + 1):
            cue = cues.get(tuple(syllables[at : at + size]))
            if cue is not None:
                chars[at : at + size] = cue


def _repair_measures(chars: list[str], syllables: list[str]) -> None:
    """Repair the measure word after a number that can be nothing else: 12香 for 12箱."""
    _, measures = _counts()
    for found in _COUNTED.finditer("".join(chars)):
        at = found.start(1)
        measure = measures.get(syllables[at])
        if measure is not None and chars[at] not in _MEASURES:
            chars[at] = measure


def _repair_counts(chars: list[str], syllables: list[str]) -> None:
    """Repair a number and its measure word where one may stand: at either end of a clause, and
    after what asks for something.
    """
    numbers, measures = _counts()
    for at in range(len(chars) - 1):
        first, second = chars[at], chars[at + 1]
        if first in _NUMBERS and second in _MEASURES:
            continue
        number, measure = numbers.get(syllables[at]), measures.get(syllables[at + 1])
        if number is None or measure is None or not _HAN.match(first):
            continue
        begins = at == 0 or bool(_MARKS.match(chars[at - 1])) or chars[at - 1] in _BEFORE
        ends = at + 2 == len(chars) or bool(_MARKS.match(chars[at + 2]))
        if begins or ends:
            if first not in _NUMBERS:
                chars[at] = number
            if second not in _MEASURES:
                chars[at + 1] = measure
