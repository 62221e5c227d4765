"""Plain words: width, case and traditional characters do not count, and every place is kept.

The table of characters is that of OpenCC (Apache-2.0), those of one character for one.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct


class Plain(Struct, frozen=True):
    """A text in plain characters. `at` gives for each the index in the original, and its length."""

    text: str
    at: tuple[int, ...]


class Folded(Struct, frozen=True):
    """Letters and digits alone of a plain text; `at` gives for each its index in the plain text."""

    text: str
    at: tuple[int, ...]


@cache
def _simplified() -> dict[str, str]:
    path = files("danshu") / "data" / "intake" / "traditional.txt"
    traditional, simplified = path.read_text(encoding="utf-8").split()
    return dict(zip(traditional, simplified, strict=True))


@lru_cache(maxsize=16_384)
def _plain_of(char: str) -> str:
    wide = unicodedata.normalize("NFKC", char).casefold()
    table = _simplified()
    return "".join([table.get(c, c) for c in unicodedata.normalize("NFKC", wide)])


def plain(text: str) -> Plain:
    """Bring a text to plain characters, one by one, so that places stay known."""
    kept: list[str] = []
    at: list[int] = []
    for i, char in enumerate(text):
        for c in _plain_of(char):
            kept.append(c)
            at.append(i)
    return Plain("".join(kept), (*at, len(text)))


def fold(said: Plain) -> Folded:
    """Leave out what nobody says aloud: spaces and marks."""
    places = [i for i, c in enumerate(said.text) if c.isalnum()]
    return Folded("".join([said.text[i] for i in places]), tuple(places))


def key(words: str) -> str:
    """Give the letters and digits of words in plain characters, as names are compared."""
    return "".join([c for char in words for c in _plain_of(char) if c.isalnum()])
