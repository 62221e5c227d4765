"""Which words of a catalogue may have been said, by how they sound: homophones are the same.

Syllables without tones, sounds that are confused folded together (zh = z, ng = n, l = n, f = h); a
word is as likely as the best stretch of the text for it (Levenshtein over the letters).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LIKELY: Final = 62.0  # per cent of a word's sounds that are there
_FOLDS: Final = (
    (re.compile(r"^([zcs])h"), r"\1"),
    (re.compile(r"^l"), "n"),
    (re.compile(r"^f"), "h"),
    (re.compile(r"ng$"), "n"),
)
_WORDS: Final = re.compile(r"\w+")
_SHORT: Final = 4  # letters under which a likeness says little


def sound_of(text: str) -> str:
    """Give a text's sounds as letters, without what is no word."""
    from pypinyin import lazy_pinyin

    return "".join(_fold(s) for s in lazy_pinyin("".join(_WORDS.findall(text.lower()))))


@lru_cache(maxsize=2_048)
def _fold(syllable: str) -> str:
    for pattern, by in _FOLDS:
        syllable = pattern.sub(by, syllable)
    return syllable


@lru_cache(maxsize=50_000)
def _sound_of_term(term: str) -> str:
    return sound_of(term)


def find(texts: Iterable[str], terms: tuple[str, ...], most: int) -> list[str]:
    """Give the terms that sound like some stretch of a text, the likest first, at most so many."""
    from rapidfuzz import fuzz

    heard = [sound_of(text) for text in texts]
    told: list[tuple[float, int]] = []
    for at, term in enumerate(terms):
        sound = _sound_of_term(term)
        if len(sound) < _SHORT:
            best = 100.0 if any(sound in text for text in heard) else 0.0
        else:
            # the shorter one is sought in the longer one, so a longer text is wanted
            long = [text for text in heard if len(text) >= len(sound)]
            best = max((fuzz.partial_ratio(sound, text) for text in long), default=0.0)
        if best >= LIKELY:
            told.append((-best, at))
    return [terms[at] for _, at in sorted(told)[:most]]
