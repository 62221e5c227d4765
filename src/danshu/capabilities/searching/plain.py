"""Questions in plain characters: one width, one case, simplified; numerals are read."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
WORD: Final = re.compile(r"[a-z][a-z0-9'.&-]*[a-z0-9]|[a-z]|[0-9]+")


@cache
def _simplified() -> dict[int, str]:
    text = (files("danshu") / "data" / "intake" / "traditional.txt").read_text("utf-8")
    traditional, simplified = text.split()
    return dict(zip(map(ord, traditional), simplified, strict=True))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Bring a text to lower case, one width, simplified characters, single blanks."""
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_simplified())
    return re.sub(r"\s+", " ", wide).strip()


def number(said: str) -> int | None:
    """Read a number below 1,000 in digits or Chinese numerals; None = it is none."""
    if said.isascii() and said.isdigit():
        return int(said)
    if said in ("半",):
        return None
    total, rest = 0, said
    for unit, worth in (("百", 100), ("十", 10)):
        head, found, tail = rest.partition(unit)
        if found:
            if head and head not in _DIGITS:
                return None
            total += (_DIGITS[head] if head else 1) * worth
            rest = tail.removeprefix("零")
    if rest:
        if rest not in _DIGITS:
            return None
        total += _DIGITS[rest]
    return total


@lru_cache(maxsize=16_384)
def syllable(char: str) -> str:
    """Give how a character is read, without tones; letters and digits stand for themselves."""
    from pypinyin import Style, pinyin

    if char.isascii():
        return char
    read: str = pinyin(char, style=Style.NORMAL, errors="default")[0][0]
    return read


@lru_cache(maxsize=8192)
def spelt(words: str) -> str:
    """Give the letters of a Chinese text as it is typed: 退货率 -> tuihuolv."""
    return "".join([syllable(c).replace("ü", "v") for c in words if c != " "])


_FOLDS: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"), ("f", "h"))


@lru_cache(maxsize=8192)
def sound(words: str) -> str:
    """Give what a Chinese text sounds like, without the differences that many people do not make:
    zh/z, ch/c, sh/s, l/n, f/h, -ng/-n.
    """
    said = []
    for char in words:
        read = syllable(char)
        for start, folded in _FOLDS:
            if read.startswith(start):
                read = folded + read[len(start) :]
                break
        said.append(read.removesuffix("g") if read.endswith("ng") else read)
    return " ".join(said)


def is_chinese(char: str) -> bool:
    """Whether it is a Chinese character."""
    return "一" <= char <= "鿿"


def grams(text: str) -> tuple[str, ...]:
    """Give the terms that texts are compared by: pairs of Chinese characters, and words."""
    out: list[str] = []
    run = ""
    for char in text + " ":
        if is_chinese(char):
            run += char
            continue
        out += [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 1 else [run] * bool(run)
        run = ""
    return (*out, *WORD.findall(text))
