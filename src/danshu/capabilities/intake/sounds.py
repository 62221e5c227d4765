"""What words sound like in Mandarin, with the differences folded that many people do not make.

zh/z, ch/c, sh/s, l/n, f/h and -ng/-n are one; tones do not count. A character has the reading that
is its most common one, on both sides of a comparison.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOLDS: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"), ("f", "h"))
# Accepted differences, in thousandths of the letters of a name.
NEAR: Final = 200


@lru_cache(maxsize=32_768)
def syllable(char: str) -> str:
    """Give the folded syllable of a character; letters and digits stand for themselves."""
    return char if char.isascii() else fold_syllable(spell(char))


def fold_syllable(read: str) -> str:
    """Fold the differences out of a syllable as it is typed (zheng: zen)."""
    for said, folded in _FOLDS:
        if read.startswith(said):
            read = folded + read[len(said) :]
            break
    return read[:-1] if read.endswith("ng") else read


@lru_cache(maxsize=32_768)
def spell(char: str) -> str:
    """Give the syllable of a character as it is typed, without its tone (正: zheng)."""
    from pypinyin import Style, pinyin

    read: str = pinyin(char, style=Style.NORMAL, errors="default")[0][0]
    return read


def syllables(words: str) -> tuple[str, ...]:
    """Give the syllable of each character."""
    return tuple([syllable(c) for c in words])


def initials(words: str) -> str:
    """Give the first letters of each syllable as typed in haste (冰美式: bms); "" = not Chinese."""
    if not words or not all(_spoken(c) for c in words):
        return ""
    return "".join([_initial(c) for c in words])


def _spoken(char: str) -> bool:
    return not char.isascii() and syllable(char).isascii()


def _initial(char: str) -> str:
    return spell(char)[:1]


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Give how far two runs of syllables are apart, in thousandths of the letters of the longer."""
    from rapidfuzz.distance import Levenshtein

    left, right = "".join(one), "".join(other)
    longer = max(len(left), len(right))
    return 1000 * Levenshtein.distance(left, right) // longer if longer else 0
