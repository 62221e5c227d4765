"""A text becomes tokens: of all words, names, quantities and times that it may hold, those that
together explain most of it. What nothing explains stays, as a token of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.intake import finding, naming, numerals, times, words
from danshu.capabilities.intake.phrases import HEAD
from danshu.capabilities.intake.plain import key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.capabilities.intake.finding import Match
    from danshu.capabilities.intake.phrases import Lexicon
    from danshu.capabilities.intake.plain import Folded, Plain

STRONG: Final = frozenset("。！？!?；;\n\r…")
WEAK: Final = frozenset("，,、：:（）()/|\t")
_UNEXPLAINED: Final = 3  # what a character costs that nothing explains
_WIDENED: Final = 4  # characters around what nothing explains that may belong to it


class Quantity(Struct, frozen=True):
    """So many of a measure; `count` None = about so many. `measure` "" = none was said."""

    count: Fraction | None
    measure: str = ""
    size: str = ""


class Token(Struct, frozen=True):
    """A stretch of the plain text. `tags` say what it may do, `value` what it holds.

    qty Quantity; name Match; time epoch ms; rest, mark, spec, size and words: nothing.
    """

    start: int
    end: int
    tags: frozenset[str]
    value: Any = None

    def has(self, *tags: str) -> bool:
        """Tell whether it may be one of these."""
        return not self.tags.isdisjoint(tags)


class _Span(Struct, frozen=True):
    start: int
    end: int
    score: int
    tags: frozenset[str]
    value: Any = None


_APPROXIMATE: Final = (
    "一两|两三|二三|三两|三四|三五|四五|五六|六七|七八|八九|好几|几十|几|十几|十来|若干|数"
)
_QTY: Final = re.compile(
    rf"(?P<count>{numerals.NUMBER})(?P<size>{words.SIZES})?(?P<measure>{words.MEASURES})"
    r"(?P<half>半)?(?![a-z])"
)
_TAEL: Final = re.compile(r"(?P<count>[一二三四五六七八九十半]{1,3})(?P<measure>两)")
_ABOUT: Final = re.compile(
    rf"(?:{_APPROXIMATE}|(?:{numerals.NUMBER})(?:多|来|几)(?!\d))(?P<measure>{words.MEASURES})"
)
_TIMES_N: Final = re.compile(r"[x×*]\s*(?P<count>\d{1,7})(?![\d.]|\s*(?:ml|l|g|kg)\b)")
_BARE: Final = re.compile(rf"{numerals.NUMBER}")
_MEASURE_ALONE: Final = re.compile(rf"(?P<size>{words.SIZES})?(?P<measure>{words.MEASURES})")
_PACKED: Final = "瓶|包|袋|盒|片|支|只|卷|罐|听|个|枚|粒|张|抽|本"
_SPEC: Final = re.compile(
    rf"(?:\d{{1,6}}(?:\.\d{{1,3}})?|[{numerals.HAN}]{{1,6}}(?:点[{numerals.HAN}]{{1,3}})?)"
    rf"\s*(?:{naming.MEASURED})装?(?![a-z])|[*x×]\d{{1,6}}(?:{_PACKED})"
    rf"|\d{{1,6}}(?:{_PACKED})(?:装|入|/箱|/盒|/包|/提|/件)|[黑红蓝白绿黄紫灰粉]色"
)
_SIZE: Final = re.compile(
    rf"(?:{words.SIZES}|迷你)(?:杯|瓶|包|袋|份|盒|桶|号|罐|箱|码)|[加]大|[大中小](?![\u4e00-\u9fff])"
)
_NUMBERED: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")


def tokenize(
    lexicon: Lexicon, said: Plain, folded: Folded, now_ms: int, customer: str
) -> list[Token]:
    """Give the tokens of a text in order; they cover all of it but spaces."""
    text = said.text
    spans = [*_names(finding.find_exact(lexicon, said, folded, customer))]
    spans += _words(text)
    spans += _numbers(text)
    spans += _patterns(lexicon, text, now_ms)
    tokens = _cover(text, spans)
    more = _alike(lexicon, said, folded, tokens, customer)
    return _cover(text, [*spans, *more]) if more else tokens


def _names(found: Iterable[Match]) -> Iterable[_Span]:
    for m in found:
        size = m.end - m.start
        score = 10 * size - 1 if m.exact else 8 * size * m.choices[0].sure // 1000 - 4
        yield _Span(m.start, m.end, score, frozenset({"name"}), m)


def _words(text: str) -> Iterable[_Span]:
    last, known = len(text), words.table()
    for i, head in enumerate(text):
        for word, tags in known.get(head, ()):
            end = i + len(word)
            if text.startswith(word, i) and not (
                word[-1].isascii() and word[-1].isalpha() and (
                    (end < last and text[end].isascii() and text[end].isalnum())
                    or (i > 0 and text[i - 1].isascii() and text[i - 1].isalnum())
                )
            ):  # fmt: skip
                yield _Span(i, end, 9 * len(word) - 4, tags)


def _numbers(text: str) -> Iterable[_Span]:
    for m in _each(_QTY, text):
        count = numerals.read(m["count"])
        if count is not None and m["half"]:
            count += Fraction(1, 2)
        if count is not None:
            value = Quantity(count, m["measure"], m["size"] or "")
            yield _Span(m.start(), m.end(), 10 * (m.end() - m.start()) - 2, _QTY_TAGS, value)
    for m in _each(_TAEL, text):
        count = numerals.read(m["count"])
        if count is not None:
            yield _Span(m.start(), m.end(), 10 * len(m[0]) - 3, _QTY_TAGS, Quantity(count, "两"))
    for m in _each(_ABOUT, text):
        value = Quantity(None, m["measure"])
        yield _Span(m.start(), m.end(), 10 * (m.end() - m.start()) - 1, _QTY_TAGS, value)
    for m in _each(_TIMES_N, text):
        value = Quantity(Fraction(m["count"]))
        yield _Span(m.start(), m.end(), 10 * (m.end() - m.start()) - 2, _QTY_TAGS, value)
    for m in _each(_BARE, text):
        # 来一百事可乐: any beginning of a run may be the number.
        for end in range(m.start() + 1, m.end() + 1) if not m[0].isascii() else (m.end(),):
            count = numerals.read(text[m.start() : end])
            if count is not None:
                size = end - m.start()
                yield _Span(m.start(), end, 9 * size - 4, _BARE_TAGS, Quantity(count))
    for m in _each(_MEASURE_ALONE, text):
        value = Quantity(Fraction(1), m["measure"], m["size"] or "")
        yield _Span(m.start(), m.end(), 7 * (m.end() - m.start()) - 4, _ONE_TAGS, value)


_QTY_TAGS: Final = frozenset({"qty"})
_BARE_TAGS: Final = frozenset({"qty", "bare"})
_SPEC_TAGS: Final = frozenset({"spec"})
_MARK: Final = frozenset({"mark"})
_COLON: Final = frozenset({"mark", "colon"})
_ONE_TAGS: Final = frozenset({"one"})


def _patterns(lexicon: Lexicon, text: str, now_ms: int) -> Iterable[_Span]:
    for m in times.PATTERN.finditer(text):
        moment = times.read(m, now_ms)
        if moment is not None:
            yield _Span(m.start(), m.end(), 11 * len(m[0]) - 2, frozenset({"time"}), moment)
    for tag, pattern, worth in _PATTERNS:
        for m in pattern.finditer(text):
            tags = frozenset({tag})
            yield _Span(m.start(), m.end(), worth * len(m[0]) - 2, tags, m[0])
    for m in _SPEC.finditer(text):
        counted = _QTY.fullmatch(m[0])
        count = numerals.read(counted["count"]) if counted else None
        value = Quantity(count, counted["measure"]) if counted and count is not None else None
        tags = _SPEC_TAGS if value is None else _SPEC_TAGS | _QTY_TAGS
        yield _Span(m.start(), m.end(), 10 * len(m[0]) - 1, tags, value)
    for m in naming.MODEL.finditer(text):
        if key(m[0]) in lexicon.by_spec and naming.is_model(m[0]):
            yield _Span(m.start(), m.end(), 11 * len(m[0]), _SPEC_TAGS)


_PATTERNS: Final = (
    ("phone", words.PHONE, 13),
    ("money", words.MONEY, 12),
    ("adjust", words.ADJUST, 10),
    ("called", words.CALLED, 10),
    ("state", words.TROUBLE, 10),
    ("repair", words.REPAIR, 10),
    ("size", _SIZE, 9),
    ("command", words.COMMANDS, 12),
    ("table", words.TABLE, 11),
    ("mark", words.ENUMERATED, 12),
)


def _each(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    """Give a match at every place where one begins, overlapping ones too."""
    at = 0
    while (m := pattern.search(text, at)) is not None:
        yield m
        at = m.start() + 1
        if text[m.start()].isascii() and text[m.start()].isdigit():
            while at < len(text) and text[at].isascii() and text[at].isdigit():
                at += 1


def _cover(text: str, spans: Iterable[_Span]) -> list[Token]:
    """Choose the spans that explain most, by dynamic programming from the end of the text."""
    size = len(text)
    starting: list[list[_Span]] = [[] for _ in range(size)]
    for s in spans:
        if s.start < s.end <= size:
            starting[s.start].append(s)
    best = [0] * (size + 1)
    chosen: list[_Span | None] = [None] * size
    for i in range(size - 1, -1, -1):
        best[i] = best[i + 1] - (_UNEXPLAINED if text[i].isalnum() else 0)
        for s in starting[i]:
            value = s.score + best[s.end]
            if value > best[i]:
                best[i], chosen[i] = value, s
    return _walk(text, chosen)


def _walk(text: str, chosen: list[_Span | None]) -> list[Token]:
    found: list[Token] = []
    i = rest = 0
    size = len(text)
    while i < size:
        s = chosen[i]
        char = text[i]
        plain = s is None and not (char in STRONG or char in WEAK or char.isspace())
        if plain:
            i += 1
            continue
        if rest < i:
            found.append(Token(rest, i, frozenset({"rest"})))
        if s is not None:
            found.append(Token(s.start, s.end, s.tags, s.value))
            i = s.end
        else:
            if char in STRONG:
                found.append(Token(i, i + 1, frozenset({"mark", "stop"})))
            elif char in WEAK:
                found.append(Token(i, i + 1, _COLON if char in ":：" else _MARK))
            i += 1
        rest = i
    if rest < size:
        found.append(Token(rest, size, frozenset({"rest"})))
    return found


def _alike(
    lexicon: Lexicon, said: Plain, folded: Folded, tokens: list[Token], customer: str
) -> list[_Span]:
    """Look for what sounds alike around what nothing explains."""
    found: list[_Span] = []
    done = 0
    away = False  # behind words like 送到: an address, which names no goods
    for token in tokens:
        away = not token.has("mark") and (away or token.has("to", "note"))
        if away or not token.has("rest") or token.end <= done:
            continue
        lo, hi = token.start, token.end
        for _ in range(_WIDENED):
            if lo > 0 and not _ends(said.text[lo - 1]):
                lo -= 1
            if hi < len(said.text) and not _ends(said.text[hi]):
                hi += 1
        first, last = bisect_left(folded.at, lo), bisect_left(folded.at, hi)
        if last - first >= HEAD:
            found += _names(finding.find_alike(lexicon, folded, first, last, customer))
            done = token.end
    return found


def _ends(char: str) -> bool:
    return char in STRONG or char in WEAK or char.isspace()
