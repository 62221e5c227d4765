"""退货原因归一: what a buyer wrote becomes one reason of a controlled vocabulary, or none.

Complement naive Bayes (Rennie et al., 2003) over short runs of characters, of what they sound like
(sounds.py, so that typing errors and pinyin count) and of first letters (cmbhs). It is counted, not
trained: a phrase that a steward names is one more example, known at once. The lead over the second
best reason, measured by the evidence that there is, says how sure it is; below the vocabulary's
line it abstains, and a person decides.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct, convert

from danshu.capabilities.intake import plain
from danshu.capabilities.intake.reason_features import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

# The numbers were chosen on the shipped examples, each style kept out in turn (docs/reference/
# return-reasons.md): smoothing, what a word of the vocabulary counts, what sounds count beside
# characters, and how much evidence makes a lead worth half.
_SMOOTH: Final = 0.3
_WORD: Final = 3.0
_TAUGHT: Final = 3.0
_SOUND: Final = 0.7
_FEW: Final = 5.0
_MOST: Final = 1.5  # of one feature, however often it stands there
_SPREAD: Final = 0.5  # of a lead: 4.4 of it is three in four
_CHOICES: Final = 3


class Reason(Struct, frozen=True, kw_only=True):
    """A reason: its code, what it is called, the step of fulfilment that it points at, the reasons
    of after-sales that it refines, and words that speak for it by themselves.
    """

    code: str
    zh: str
    en: str
    stage: str
    of: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


class Example(Struct, frozen=True, kw_only=True):
    """A phrase and the reason that a person gave it; taught ones count more."""

    text: str
    code: str
    is_taught: bool = False


class Choice(Struct, frozen=True, kw_only=True):
    """A reason that it may be. `confidence` in thousandths, `words` what spoke for it."""

    code: str
    confidence: int
    words: tuple[str, ...] = ()


class Named(Struct, frozen=True, kw_only=True):
    """What a text was understood as: `code` "" = unsure; the best choices, the likeliest first."""

    code: str
    confidence: int
    choices: tuple[Choice, ...]


class Shipped(Struct, frozen=True, kw_only=True):
    """What comes with the product: reasons, the line below which it abstains, examples by style."""

    reasons: tuple[Reason, ...]
    line: int
    styles: dict[str, tuple[Example, ...]]


@cache
def shipped() -> Shipped:
    """Read the vocabulary and the examples that come with the product (data/reasons)."""
    import yaml

    folder = files("danshu") / "data" / "reasons"
    words = yaml.safe_load((folder / "vocabulary.yaml").read_text(encoding="utf-8"))
    styles = yaml.safe_load((folder / "examples.yaml").read_text(encoding="utf-8"))
    return Shipped(
        reasons=convert(words["reasons"], tuple[Reason, ...]),
        line=words["line"],
        styles={
            style: tuple([Example(text=t, code=c) for c, texts in by.items() for t in texts])
            for style, by in styles.items()
        },
    )


class Book:
    """A vocabulary with its examples, counted. Made once per merchant and revision."""

    def __init__(self, reasons: Sequence[Reason], examples: Iterable[Example], line: int) -> None:
        self.reasons: Final = tuple(reasons)
        self.line: Final = line  # thousandths of confidence below which it abstains
        self._codes: Final = [r.code for r in reasons]
        known = [e for e in examples if e.code in self._codes]
        self._taught: Final = {plain.key(e.text): e.code for e in known if e.is_taught}
        phrases = [(w, r.code, _WORD) for r in reasons for w in (r.zh, r.en, *r.says)]
        phrases += [(e.text, e.code, _TAUGHT if e.is_taught else 1.0) for e in known]
        self._reader: Final = Reader([text for text, *_ in phrases])
        self._index: Final[dict[str, int]] = {}
        self._weights: Final = self._count(phrases)

    def _count(self, phrases: Sequence[tuple[str, str, float]]) -> NDArray[np.float64]:
        """Count features by reason; gives the weight of each for each, (reasons, features)."""
        rows = {code: row for row, code in enumerate(self._codes)}
        read = self._reader.read
        seen = [(rows[code], weight, read(text, asks=False)) for text, code, weight in phrases]
        heard: Counter[str] = Counter()
        for _, _, features in seen:
            heard.update(features.keys())
        for feature in heard:
            self._index[feature] = len(self._index)
        counts = np.zeros((len(self._codes), len(self._index)))
        for row, weight, features in seen:
            for feature, times in features.items():
                counts[row, self._index[feature]] += _weigh(feature, times) * weight
        often = np.array([heard[f] for f in self._index], dtype=np.float64)
        self._rarity = np.log(1 + len(seen) / (1 + often))
        counts *= self._rarity
        others = counts.sum(axis=0) - counts + _SMOOTH
        own = counts + _SMOOTH
        total = counts.sum(axis=1, keepdims=True) + _SMOOTH * len(self._index)
        weights: NDArray[np.float64] = np.log(own / total * others.sum(axis=1, keepdims=True))
        weights -= np.log(others)
        return weights

    def name(self, text: str) -> Named:
        """Name the reason of a text; "" when nothing speaks clearly enough for one."""
        if taught := self._taught.get(plain.key(text)):
            choice = Choice(code=taught, confidence=1000, words=(text,))
            return Named(code=taught, confidence=1000, choices=(choice,))
        features = self._reader.read(text, asks=True)
        known = [(self._index[f], f, _weigh(f, n)) for f, n in features.items() if f in self._index]
        if not known:
            return Named(code="", confidence=0, choices=())
        at = np.array([i for i, _, _ in known])
        told = np.array([min(n, _MOST) for *_, n in known]) * self._rarity[at]
        each = self._weights[:, at] * told
        scores = each.sum(axis=1)
        order = np.argsort(-scores, kind="stable")[: _CHOICES + 1]
        scale = math.sqrt(float((told**2).sum()) + _FEW)
        choices = tuple(
            [
                Choice(
                    code=self._codes[row],
                    confidence=_confidence(float(scores[row] - _best_other(scores, row)) / scale),
                    words=_spoken(each[row], [f for _, f, _ in known]),
                )
                for row in order[:_CHOICES]
            ]
        )
        first = choices[0]
        sure = first.confidence >= self.line
        return Named(code=first.code if sure else "", confidence=first.confidence, choices=choices)


def _weigh(feature: str, times: int) -> float:
    return times * (_SOUND if feature.startswith("s") else 1.0)


def _best_other(scores: NDArray[np.float64], row: int) -> float:
    return float(np.delete(scores, row).max())


def _confidence(lead: float) -> int:
    """Give thousandths for a lead: 500 without one, the more the larger."""
    return round(1000 / (1 + math.exp(-_SPREAD * lead / 2)))


def _spoken(told: NDArray[np.float64], features: Sequence[str]) -> tuple[str, ...]:
    """Give the runs of characters or words that spoke most for a reason, without repeating."""
    words: list[str] = []
    for i in np.argsort(-told, kind="stable"):
        kind, word = features[i][0], features[i][1:]
        if told[i] <= 0 or len(words) == _CHOICES:
            break
        if kind in "cw" and len(word) > 1 and not any(word in w or w in word for w in words):
            words.append(word)
    return tuple(words)
