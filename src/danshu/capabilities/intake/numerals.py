"""Numbers as people say and type them: 3, 三, 俩, 两百五, 1,200, 半."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

# Not every run of these is a number: 三三两两. What cn2an does not read is none.
HAN: Final = "零〇一二两三四五六七八九十百千万"
# Bounded, so that a text of nothing but numerals is read in a time that grows with its length.
NUMBER: Final = rf"\d{{1,9}}(?:,\d{{3}}){{0,2}}(?:\.\d{{1,4}})?(?!\d)|[{HAN}]{{1,12}}|俩|仨|半"
_PLAIN: Final = {"俩": Fraction(2), "仨": Fraction(3), "半": Fraction(1, 2)}
_LONGEST: Final = 12
_DIGITS: Final = re.compile(r"[零〇一二三四五六七八九]{2,}")


@lru_cache(maxsize=4096)
def read(words: str) -> Fraction | None:
    """Read a number. None where it is none: 一两三, 第三, a row of digits (一三八)."""
    if words in _PLAIN:
        return _PLAIN[words]
    if len(words) > _LONGEST:
        return None
    if words[0].isdigit() and words.isascii():
        return Fraction(words.replace(",", ""))
    if _DIGITS.fullmatch(words):
        return None
    if words == "百" or words == "千" or words == "万":
        return None
    import cn2an

    try:
        return Fraction(str(cn2an.cn2an(words, "smart")))
    except (ValueError, KeyError, IndexError):  # it stumbles over units in no order (百一十千)
        return None
