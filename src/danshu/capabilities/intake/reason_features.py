"""What of a phrase is compared: short runs of characters, of their sounds, of first letters."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.intake import plain
from danshu.capabilities.intake.sounds import fold_syllable, spell, syllable
from danshu.kernel.limits import REASON_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Features = Counter[str]
"""How often each stands there: `c` characters, `s` sounds, `w` a word, `i` first letters."""
_TOKENS: Final = re.compile(r"[\u4e00-\u9fff]|[a-z]+|[0-9]+")
# What somebody praises beside the complaint (质量没问题, 就是大了) is no reason.
_PRAISE: Final = re.compile(
    r"[^,.;!。、\s但就可不过]*(?:很好|挺好|不错|没问题|没有问题|没毛病|完好|是好的|满意|很快|没得说)"
)
_LETTERS: Final = re.compile(r"[a-z]+")
_SIZES: Final = (1, 2, 3)
_INITIALS: Final = (3, 4, 5)
_SYLLABLE: Final = 6  # letters, at most


class _Token(Struct, frozen=True):
    """A character with its sound, a syllable without a character, or a foreign word."""

    char: str
    sound: str
    word: str = ""


class Reader:
    """Reads phrases against known ones: letters spell Mandarin where these hold the syllables, and
    are words of another language where these use them as such.
    """

    def __init__(self, known: Sequence[str]) -> None:
        chars = set("".join(known))
        self._spelled: Final = frozenset([spell(c) for c in chars if not c.isascii()])
        self._foreign: Final = frozenset(_foreign(known, self._spelled))

    def read(self, text: str, *, asks: bool) -> Features:
        """Give the features of a phrase: one that asks is matched by letters alone with the first
        letters of those that do not.
        """
        tokens = self._cut(text)
        features: Features = Counter()
        for size in _SIZES:
            for i in range(len(tokens) - size + 1):
                run = tokens[i : i + size]
                if all(t.char for t in run):
                    features["c" + "".join([t.char for t in run])] += 1
                if size > 1 and all(t.sound for t in run):
                    features["s" + " ".join([t.sound for t in run])] += 1
        for token in tokens:
            if token.word:
                features["w" + token.word] += 1
                if asks:  # three letters of a longer word could begin anything
                    features.update(_runs(token.word, min(len(token.word), _INITIALS[1])))
        if not asks:
            for run_of in _LETTERS.findall("".join([_first(t) for t in tokens])):
                features.update(_runs(run_of))
        return features

    def _cut(self, text: str) -> list[_Token]:
        """Cut a text: characters, foreign words, and letters that spell Mandarin."""
        tokens: list[_Token] = []
        said = plain.plain(text[:REASON_CHARS]).text
        complaint = _PRAISE.sub(" ", said)
        for found in _TOKENS.findall(complaint if complaint.strip() else said):
            if not found.isascii():
                tokens.append(_Token(found, syllable(found)))
            elif found.isdigit():
                tokens.append(_Token("#", "#"))
            elif found not in self._foreign and (parts := _syllables(found, self._spelled)):
                tokens += [_Token("", fold_syllable(s)) for s in parts]
            else:
                tokens.append(_Token("", "", found))
        return tokens


def _syllables(letters: str, spelled: frozenset[str]) -> list[str]:
    """Cut letters into as few known syllables as will do; [] = they are a word or initials."""
    best: list[list[str] | None] = [[], *[None] * len(letters)]
    for i in range(len(letters)):
        so_far = best[i]
        if so_far is None:
            continue
        for size in range(1, min(_SYLLABLE, len(letters) - i) + 1):
            part, end = letters[i : i + size], best[i + size]
            if part in spelled and (end is None or len(so_far) + 1 < len(end)):
                best[i + size] = [*so_far, part]
    return best[-1] or []


def _foreign(known: Iterable[str], spelled: frozenset[str]) -> set[str]:
    """Give the words of texts without a character that do not spell Mandarin as a whole."""
    words: set[str] = set()
    for text in known:
        found = _LETTERS.findall(text.casefold())
        if text.isascii() and not all(_syllables(w, spelled) for w in found):
            words.update(found)
    return words


def _runs(letters: str, least: int = _INITIALS[0]) -> list[str]:
    sizes = [size for size in _INITIALS if size >= least]
    return ["i" + letters[i : i + size] for size in sizes for i in range(len(letters) - size + 1)]


def _first(token: _Token) -> str:
    return spell(token.char)[:1] if token.char and not token.char.isascii() else " "
