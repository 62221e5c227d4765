"""Free text: every find, none of them overlapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from danshu.capabilities.classification import addresses, codes, names, numbers
from danshu.capabilities.classification.model import SURE, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDE: Final = re.compile("[\uff01-\uff5e\u3000]")
_FOLD: Final = {0xFF01 + n: 0x21 + n for n in range(94)} | {
    0x3000: 0x20,
    0x2013: 0x2D,
    0xFF0A: 0x2A,
}
_RUN: Final = re.compile(r"[0-9A-Za-z+(*][0-9A-Za-z*\-+@._:·, /()年月日]{3,}")
_FIGURE: Final = re.compile("[0-9]")
_CHINESE: Final = re.compile("[一-鿿][一-鿿*]")
_SPOKEN: Final = re.compile("[一二三四五六七八九零〇幺壹贰叁肆伍陆柒捌玖0-9]{11}")
_LATIN: Final = re.compile("[A-Z][a-z]+ ")
_RANK: Final = {"alipay": 3, "resident_id": 2, "bank_card": 1}


def fold(text: str) -> str:
    """Make full-width letters, figures and signs plain, each one sign for one sign."""
    return text.translate(_FOLD) if _WIDE.search(text) else text


def find(text: str) -> tuple[Span, ...]:
    """Find what is personal or secret in a text, in its order; offsets are in characters."""
    folded = fold(text)
    found: list[Span] = []
    has_run = False
    for run in _RUN.finditer(folded):
        has_run = True
        found.extend(numbers.find_numbers(folded, run.start(), run.end()))
    has_figures = has_run or _FIGURE.search(folded) is not None
    if has_run:
        found.extend(codes.find_codes(folded))
        if _LATIN.search(folded):
            found.extend(names.find_latin(folded))
            found.extend(addresses.find_latin(folded))
    if _SPOKEN.search(folded):
        found.extend(codes.find_spoken(folded))
    if _CHINESE.search(folded):
        mobiles = [span.start for span in found if span.klass == "mobile"]
        found.extend(names.find_names(folded, mobiles))
        if has_figures or "号" in folded:
            found.extend(addresses.find_addresses(folded))
    return choose(found)


def choose(found: Iterable[Span]) -> tuple[Span, ...]:
    """Give the finds that count, the surest of those that overlap, in the order of the text."""
    taken: list[Span] = []
    best = sorted(
        (span for span in found if span.confidence >= SURE),
        key=lambda s: (-_RANK.get(s.klass, 0), -s.confidence, s.start - s.end, s.start),
    )
    for span in best:
        if all(span.end <= other.start or other.end <= span.start for other in taken):
            taken.append(span)
    return tuple(sorted(taken))
